import { slugKey } from "../core/names.ts";
import type { SeedResult } from "../core/seed.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { TenantState } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { allTenants } from "./all-tenants.ts";
import type { ProgressDisplay } from "./progress.ts";

/** One tenant's part of a run. */
export type SeedItem =
  | ({ readonly ok: true } & SeedResult)
  | {
      readonly ok: false;
      readonly tenant: string;
      readonly schemaName: string;
      readonly error: Error;
      readonly durationMs: number;
    };

/** What a run did. */
export interface SeedReport {
  /** `true` when no tenant failed and none was left out by a stop. */
  readonly ok: boolean;
  /** Per tenant, in the order in which they ended. */
  readonly results: readonly SeedItem[];
  /** Slugs that were not reached, because of a failure or the signal. */
  readonly notReached: readonly string[];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** How {@link seedTenants} goes through the tenants. */
export interface SeedRun {
  /** Absolute path of the file; `undefined` for the configured seed. */
  readonly file: string | undefined;
  /** Tenants at a time. */
  readonly concurrency: number;
  /** Whether a tenant that is gone is left out, as it was not named. */
  readonly skipsGone: boolean;
  /** Whether the first failure stops it. */
  readonly stopOnError: boolean;
  /** Shows how far it is. */
  readonly progress: ProgressDisplay;
  /** Stops it before the next tenant. */
  readonly signal: AbortSignal;
}

const DEFAULT_STATES: readonly TenantState[] = ["active", "suspended", "maintenance"];

/** Lists the slugs of all tenants in these states but those that are left out. */
export async function listSlugs(
  tenancy: Tenancy,
  except: readonly string[] = [],
  state: readonly TenantState[] = DEFAULT_STATES,
): Promise<string[]> {
  const left = new Set(except.map(slugKey));
  const slugs: string[] = [];
  for await (const { slug } of allTenants(tenancy, { state })) {
    if (!left.has(slugKey(slug))) slugs.push(slug);
  }
  return slugs;
}

/**
 * Seeds tenants, and reports. One that fails does not stop the others, unless so asked; those in hand
 * are always finished.
 *
 * @throws TenancyError `INVALID_CONFIG`, `SEED_INVALID`, which every tenant would fail with
 */
export async function seedTenants(
  tenancy: Tenancy,
  slugs: readonly string[],
  run: SeedRun,
): Promise<SeedReport> {
  const startedAt = performance.now();
  const names = [...new Set(slugs)];
  const results: SeedItem[] = [];
  let [begun, gone] = [0, 0];
  const isStopped = (): boolean =>
    run.signal.aborted || (run.stopOnError && results.some(({ ok }) => !ok));
  const worker = async (): Promise<void> => {
    while (begun < names.length && !isStopped()) {
      const slug = names[begun] ?? "";
      begun += 1;
      const item = await seedOne(tenancy, slug, run);
      if (item === undefined) gone += 1;
      else {
        if (!item.ok && isOfEverybody(item.error) && !results.some(({ ok }) => ok))
          throw item.error;
        results.push(item);
        const last = item.ok ? { ...item, versions: ["seeded"] } : item;
        run.progress.update({ done: results.length, last, total: names.length - gone });
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: run.concurrency }, worker));
  for (const each of workers) if (each.status === "rejected") throw each.reason;
  const notReached = names.slice(begun).toSorted();
  return {
    durationMs: performance.now() - startedAt,
    notReached,
    ok: notReached.length === 0 && results.every(({ ok }) => ok),
    results,
  };
}

/** Whether an error is about the seed itself: in its text, its file, or that there is none. */
function isOfEverybody(error: Error): boolean {
  return isTenancyError(error, "INVALID_CONFIG") || isTenancyError(error, "SEED_INVALID");
}

/** @returns `undefined` if the tenant was dropped after it was listed */
async function seedOne(
  tenancy: Tenancy,
  slug: string,
  { file, skipsGone }: SeedRun,
): Promise<SeedItem | undefined> {
  const startedAt = performance.now();
  try {
    return { ...(await tenancy.seed(slug, file === undefined ? {} : { file })), ok: true };
  } catch (thrown) {
    if (skipsGone && isTenancyError(thrown, "TENANT_NOT_FOUND")) return undefined;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { schemaName = "" } = error as { readonly schemaName?: string };
    return {
      durationMs: performance.now() - startedAt,
      error,
      ok: false,
      schemaName,
      tenant: slug,
    };
  }
}
