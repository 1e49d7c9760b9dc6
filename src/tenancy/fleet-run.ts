import type { MigrationResult } from "../core/migrator.ts";
import type { FleetItem, FleetOptions, FleetProgress, FleetResult } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import type { Candidate } from "./fleet-look.ts";
import { badOption } from "./fleet-selection.ts";

/** Tenants at a time, unless told otherwise. */
export const DEFAULT_CONCURRENCY = 4;

/** More would only wait in line: for connections, of which no server has as many. */
const MAX_CONCURRENCY = 1_000;

/** What a run does with the tenants that it is given. */
export interface FleetWork {
  /** Reads the tenants one by one, as they are needed; `isStopped` tells when only their names are. */
  read(isStopped: () => boolean): AsyncGenerator<Candidate, void, undefined>;
  /** How many there are; only asked for if somebody wants to hear of progress. */
  countTenants(): Promise<number>;
  /** Does one tenant's part; `undefined` when it is no longer one of the run. */
  work(tenant: Tenant): Promise<MigrationResult | undefined>;
  /** Whether no more tenants are to be begun, for a reason of its own. */
  isStopped(): boolean;
}

/** Checks how a run goes about it. @throws TenancyError `INVALID_QUERY` */
export function checkFleetOptions({ concurrency, onProgress, signal }: FleetOptions): void {
  const isCount = Number.isInteger(concurrency) && Number(concurrency) >= 1;
  if (concurrency !== undefined && !(isCount && concurrency <= MAX_CONCURRENCY)) {
    throw badOption("concurrency", `is not a whole number from 1 to ${MAX_CONCURRENCY}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw badOption("onProgress", "is not a function");
  }
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw badOption("signal", "is not an `AbortSignal`");
  }
}

/**
 * Works through a fleet, so many tenants at a time. One that fails does not stop the others, unless
 * so asked; those in hand are always finished.
 *
 * @throws what reading the tenants, or `onProgress`, throws; after those in hand are finished
 */
export async function runFleet(fleet: FleetWork, options: FleetOptions): Promise<FleetResult> {
  const { concurrency = DEFAULT_CONCURRENCY } = options;
  const startedAt = performance.now();
  const run = new FleetRun(fleet, options, options.onProgress ? await fleet.countTenants() : 0);
  const workers = Array.from({ length: concurrency }, () => run.work());
  const broken = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (broken?.status === "rejected") throw broken.reason;
  const notReached = await run.readRest();
  const failed = run.results.filter((item) => !item.ok);
  return {
    durationMs: performance.now() - startedAt,
    failed,
    notReached,
    ok: failed.length === 0 && notReached.length === 0,
    results: run.results,
  };
}

/** One run; its workers share it. */
class FleetRun {
  readonly results: FleetItem[] = [];
  readonly #candidates: AsyncGenerator<Candidate, void, undefined>;
  readonly #fleet: FleetWork;
  readonly #left: string[] = [];
  readonly #options: FleetOptions;
  #total: number;
  #hasFailed = false;
  #isBroken = false;

  constructor(fleet: FleetWork, options: FleetOptions, total: number) {
    this.#candidates = fleet.read(() => this.isStopped());
    this.#fleet = fleet;
    this.#options = options;
    this.#total = total;
  }

  /** Does tenants until there are none, or none shall be begun any more. */
  async work(): Promise<void> {
    try {
      while (!this.isStopped()) {
        // The generator answers one after the other, so no two workers get the same tenant.
        const next = await this.#candidates.next();
        if (next.done === true) return;
        if (this.isStopped()) {
          this.#left.push(next.value.tenant.slug);
          return;
        }
        await this.#do(next.value);
      }
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  /** Returns the slugs of the tenants that were not begun. */
  async readRest(): Promise<string[]> {
    for await (const { tenant } of this.#candidates) this.#left.push(tenant.slug);
    return this.#left.toSorted();
  }

  async #do({ isUpToDate, tenant }: Candidate): Promise<void> {
    const startedAt = performance.now();
    let item: FleetItem;
    try {
      const result = isUpToDate ? nothingDone(tenant) : await this.#fleet.work(tenant);
      if (result === undefined) {
        this.#total -= 1;
        return;
      }
      item = { ...result, ok: true, tenant: result.tenant ?? tenant.slug };
    } catch (error) {
      this.#hasFailed = true;
      item = {
        durationMs: performance.now() - startedAt,
        error:
          error instanceof Error ? error : new Error("Not an error was thrown.", { cause: error }),
        ok: false,
        schemaName: tenant.schemaName,
        tenant: tenant.slug,
      };
    }
    this.results.push(item);
    this.#options.onProgress?.(this.#progress(item));
  }

  #progress(last: FleetItem): FleetProgress {
    const done = this.results.length;
    // Tenants that were made since they were counted are in the run too.
    return { done, last, total: Math.max(done, this.#total) };
  }

  /** Whether no more tenants are to be begun. */
  isStopped(): boolean {
    return (
      this.#isBroken ||
      this.#fleet.isStopped() ||
      this.#options.signal?.aborted === true ||
      (this.#hasFailed && this.#options.continueOnError === false)
    );
  }
}

function nothingDone({ schemaName, slug }: Tenant): MigrationResult {
  return { durationMs: 0, schemaName, tenant: slug, versions: [] };
}
