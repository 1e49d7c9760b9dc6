import type { SeedOptions, SeedResult } from "../core/seed.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { TenantState } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
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

/** How tenants are gone through. */
export interface SeedRun {
  /** Absolute path of the file; `undefined` for the configured seed. */
  readonly file: string | undefined;
  /** Whether the first failure stops it. */
  readonly stopOnError: boolean;
  /** Shows how far it is. */
  readonly progress: ProgressDisplay;
  /** Stops it before the next tenant. */
  readonly signal: AbortSignal;
}

/** Which of all tenants are seeded, and how many at a time. */
export interface SeedSelection {
  /** Not these slugs. */
  readonly except?: readonly string[] | undefined;
  /** Only in these states. Default active, suspended and maintenance. */
  readonly state?: readonly TenantState[] | undefined;
  /** Tenants at a time. Default 4. */
  readonly concurrency?: number | undefined;
}

const DEFAULT_STATES: readonly TenantState[] = ["active", "suspended", "maintenance"];

/**
 * Seeds all tenants, some at a time, and reports. One that fails does not stop the others, unless so
 * asked; those in hand are always finished.
 *
 * @throws TenancyError `INVALID_CONFIG`, `SEED_INVALID`, which every tenant would fail with
 */
export async function seedAll(
  tenancy: Tenancy,
  { concurrency, except, state = DEFAULT_STATES }: SeedSelection,
  run: SeedRun,
): Promise<SeedReport> {
  const log = new SeedLog(run);
  const { durationMs, notReached, ok } = await tenancy.forEachTenant(
    (tenant) => tenancy.seed(tenant, optionsOf(run)),
    {
      ...(concurrency !== undefined && { concurrency }),
      onError: (error) => log.afterError(error),
      onProgress: ({ done, last, total }) =>
        log.add(last.ok ? { ...last.value, ok: true } : last, done, total),
      signal: run.signal,
      where: { state, ...(except !== undefined && { except }) },
    },
  );
  return { durationMs, notReached, ok, results: log.results };
}

/** Seeds tenants that were named, one after the other, and reports as {@link seedAll} does. */
export async function seedNamed(
  tenancy: Tenancy,
  slugs: readonly string[],
  run: SeedRun,
): Promise<SeedReport> {
  const startedAt = performance.now();
  const names = [...new Set(slugs)];
  const log = new SeedLog(run);
  let isStopped = false;
  for (const slug of names) {
    if (isStopped || run.signal.aborted) break;
    const item = await seedOne(tenancy, slug, run);
    log.add(item, log.results.length + 1, names.length);
    if (!item.ok) isStopped = log.afterError(item.error) === "stop";
  }
  const { results } = log;
  return {
    durationMs: performance.now() - startedAt,
    notReached: names.slice(results.length),
    ok: results.length === names.length && results.every(({ ok }) => ok),
    results,
  };
}

/** What has become of the tenants so far. */
class SeedLog {
  readonly results: SeedItem[] = [];
  readonly #run: SeedRun;

  constructor(run: SeedRun) {
    this.#run = run;
  }

  add(item: SeedItem, done: number, total: number): void {
    if (!item.ok && this.#isOfAll(item.error)) return;
    this.results.push(item);
    const last = item.ok ? { ...item, versions: ["seeded"] } : item;
    this.#run.progress.update({ done, last, total });
  }

  /** @throws the error, if every other tenant would fail with it */
  afterError(error: Error): "continue" | "stop" {
    if (this.#isOfAll(error)) throw error;
    return this.#run.stopOnError ? "stop" : "continue";
  }

  /** Whether an error is the seed's own, and would be told of each tenant again. */
  #isOfAll(error: Error): boolean {
    const isOfSeed =
      isTenancyError(error, "INVALID_CONFIG") || isTenancyError(error, "SEED_INVALID");
    return isOfSeed && !this.results.some(({ ok }) => ok);
  }
}

async function seedOne(tenancy: Tenancy, slug: string, run: SeedRun): Promise<SeedItem> {
  const startedAt = performance.now();
  try {
    return { ...(await tenancy.seed(slug, optionsOf(run))), ok: true };
  } catch (thrown) {
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

function optionsOf({ file }: SeedRun): SeedOptions {
  return file === undefined ? {} : { file };
}
