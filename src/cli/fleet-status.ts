import type { MigrationStatus } from "../core/migrator.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { TenantState } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { compareVersions } from "../migrate/discover.ts";
import { allTenants } from "./all-tenants.ts";

/** Which migration versions a fleet is at. */
export interface FleetStatus {
  /** Newest version of the tenant set; `null` when it is empty, or nobody can tell. */
  readonly latestVersion: string | null;
  /** Tenants in the registry. */
  readonly tenants: number;
  /** How many tenants are at each version, the newest first. */
  readonly versions: readonly {
    /** The version; `null` before the first migration. */
    readonly version: string | null;
    /** Tenants at it. */
    readonly tenants: number;
    /** Whether it is older than the newest one. */
    readonly behind: boolean;
  }[];
  /** Slugs of tenants at an older version than the newest; or with anything to do, when checked. */
  readonly behind: readonly string[];
  /**
   * Those of `behind` in which a migration, or its undoing, stopped halfway; `null` when they are too
   * many to be looked at, and were not to be checked.
   */
  readonly stopped: readonly string[] | null;
  /** Slugs of tenants in state `failed`. */
  readonly failed: readonly string[];
  /** The global schema's migrations. */
  readonly global: readonly MigrationStatus[];
}

/** States in which a tenant may have no history, or lose it. */
const UNFINISHED: ReadonlySet<TenantState> = new Set([
  "provisioning",
  "failed",
  "renaming",
  "dropping",
]);

/** How many tenants are asked for the newest version, when the schemas of the first are missing. */
const MAX_SAMPLES = 5;

/** How many tenants that are behind are looked at, unless asked to check. */
const MAX_LOOKS = 100;

const LOOKS_AT_A_TIME = 4;

/**
 * Lists the tenants in which something is pending, or changed, by a look at each one's history: the
 * version in the registry does not tell of a migration that is older than the newest and came later.
 */
export async function findUnfinished(tenancy: Tenancy): Promise<string[]> {
  const { results } = await tenancy.migrateAll({ dryRun: true });
  return results.flatMap((item) => (item.ok && item.versions.length === 0 ? [] : [item.tenant]));
}

/** Lists those of the tenants in which a migration, or its undoing, stopped halfway. */
export async function findStopped(tenancy: Tenancy, slugs: readonly string[]): Promise<string[]> {
  const stopped: string[] = [];
  const left = slugs.values();
  const look = async (): Promise<void> => {
    for (const slug of left) {
      if (await isStopped(tenancy, slug)) stopped.push(slug);
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_A_TIME }, look));
  return stopped.toSorted();
}

async function isStopped(tenancy: Tenancy, slug: string): Promise<boolean> {
  try {
    const migrations = await tenancy.migrationStatus(slug);
    return migrations.some(({ state }) => state === "partial");
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Reads which versions a fleet is at: the registry, and one tenant's history for the newest. */
export async function readFleetStatus(tenancy: Tenancy): Promise<FleetStatus> {
  const global = await tenancy.migrationStatus(null);
  const slugsByVersion = new Map<string | null, string[]>();
  const failed: string[] = [];
  const samples: string[] = [];
  let tenants = 0;
  for await (const { slug, state, version } of allTenants(tenancy)) {
    tenants += 1;
    if (state === "failed") failed.push(slug);
    if (!UNFINISHED.has(state) && samples.length < MAX_SAMPLES) samples.push(slug);
    const slugs = slugsByVersion.get(version);
    if (slugs === undefined) slugsByVersion.set(version, [slug]);
    else slugs.push(slug);
  }
  const latestVersion = await readLatestVersion(tenancy, samples);
  const isBehind = (version: string | null): boolean =>
    latestVersion !== null && (version === null || compareVersions(version, latestVersion) < 0);
  const versions = [...slugsByVersion].toSorted(([a], [b]) => compareVersions(b ?? "", a ?? ""));
  const behind = versions
    .flatMap(([version, slugs]) => (isBehind(version) ? slugs : []))
    .toSorted();
  return {
    behind,
    failed,
    global,
    latestVersion,
    stopped: behind.length > MAX_LOOKS ? null : await findStopped(tenancy, behind),
    tenants,
    versions: versions.map(([version, slugs]) => ({
      behind: isBehind(version),
      tenants: slugs.length,
      version,
    })),
  };
}

/** Every tenant's history lists what the migration folder holds; any one of them will do. */
async function readLatestVersion(
  tenancy: Tenancy,
  samples: readonly string[],
): Promise<string | null> {
  for (const slug of samples) {
    try {
      const migrations = await tenancy.migrationStatus(slug);
      return migrations.findLast(({ state }) => state !== "missing")?.version ?? null;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return null;
}

function isGone(error: unknown): boolean {
  return isTenancyError(error, "SCHEMA_NOT_FOUND") || isTenancyError(error, "TENANT_NOT_FOUND");
}
