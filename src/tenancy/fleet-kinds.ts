import type { LatestMigrations, MigrationStatus } from "../core/migrator.ts";
import type { TenantCount } from "../core/registry.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { PARTIAL_DIGEST } from "../migrate/digest.ts";
import { DEFAULT_STATES } from "./fleet-selection.ts";

/** What is to be said of a tenant's migrations; nothing, where none of it holds. */
export interface Kind {
  readonly isBehind: boolean;
  readonly isAhead: boolean;
  readonly isChanged: boolean;
  readonly isDirty: boolean;
}

const CURRENT: Kind = { isAhead: false, isBehind: false, isChanged: false, isDirty: false };
const BEHIND: Kind = { ...CURRENT, isBehind: true };
const DIRTY: Kind = { ...CURRENT, isDirty: true };

/** How many fingerprints are looked into; no fleet that is looked after has as many. */
const MAX_LOOKS = 100;

/** How many tenants of a fingerprint are tried, if the first cannot be read. */
const MAX_SAMPLES = 3;

/** Returns the kind of tenant that has these migrations. */
export function kindOf(migrations: readonly MigrationStatus[]): Kind {
  const has = (state: MigrationStatus["state"]): boolean =>
    migrations.some((migration) => migration.state === state);
  return {
    isAhead: has("missing"),
    isBehind: has("pending"),
    isChanged: has("changed"),
    isDirty: has("partial"),
  };
}

/**
 * Returns the kinds of tenants by their fingerprints. Those that have the same one have the same
 * history, so it is read in one tenant for each fingerprint that is not known here.
 */
export async function kindsByDigest(
  deps: LifecycleDeps,
  counts: readonly TenantCount[],
  latest: LatestMigrations,
): Promise<ReadonlyMap<string | null, Kind>> {
  const sizes = new Map<string | null, number>();
  for (const { migrationsDigest: digest, tenants } of counts) {
    sizes.set(digest, (sizes.get(digest) ?? 0) + tenants);
  }
  const kinds = new Map<string | null, Kind>();
  const unknown: string[] = [];
  for (const [digest] of [...sizes].toSorted(([, a], [, b]) => b - a)) {
    if (digest === latest.digest) kinds.set(digest, CURRENT);
    else if (digest === PARTIAL_DIGEST) kinds.set(digest, DIRTY);
    else if (digest === null) kinds.set(digest, latest.version === null ? CURRENT : BEHIND);
    else unknown.push(digest);
  }
  for (const [index, digest] of unknown.entries()) {
    const kind = index < MAX_LOOKS ? await lookInto(deps, digest) : undefined;
    // Of what cannot be read, it is not known that nothing is pending.
    kinds.set(digest, kind ?? BEHIND);
  }
  return kinds;
}

async function lookInto(deps: LifecycleDeps, digest: string): Promise<Kind | undefined> {
  const { driver, migrator, registry } = deps;
  const among = { limit: MAX_SAMPLES, state: DEFAULT_STATES };
  const { tenants } = await registry.list(pooledQueries(driver), among, { in: [digest] });
  for (const tenant of tenants) {
    try {
      const { migrations, migrationsDigest } = await driver.session({}, (session) =>
        migrator.history(session, tenant),
      );
      // One that is at odds with the registry says nothing of the others.
      if (migrationsDigest === digest) return kindOf(migrations);
    } catch {
      // It is dropped just now, or broken: `verify` tells of it.
    }
  }
  return undefined;
}
