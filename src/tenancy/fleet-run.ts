import type { FleetItem, FleetOptions, FleetResult, FleetStop } from "../core/fleet.ts";
import type { MigrationResult } from "../core/migrator.ts";
import type { Tenant } from "../core/tenant.ts";
import type { Candidate } from "./fleet-look.ts";
import type { FleetRecord } from "./fleet-records.ts";
import { DEFAULT_CONCURRENCY, type FailureLimit, parseFailureLimit } from "./fleet-options.ts";
import { Pace } from "./pace.ts";

/** Tenants of the first wave, and by how much each is larger than the one before. */
const FIRST_WAVE = 10;
const GROWTH = 4;

/** Where a worker gets its tenants, and tells what became of them. */
export interface FleetQueue {
  /** Returns the next tenant; `undefined` when there is none, or none shall be begun any more. */
  take(): Promise<Tenant | undefined>;
  /**
   * Waits for what is done with a tenant: `undefined` when it is no longer one of the run, and "busy" if
   * it is to be put aside.
   */
  settle(tenant: Tenant, work: () => Promise<MigrationResult | "busy" | undefined>): Promise<void>;
  /** Leaves a tenant that somebody else is busy with to the end of its wave. */
  putAside(tenant: Tenant): void;
}

/** What a run does with the tenants that it is given. */
export interface FleetWork {
  /** Reads the tenants that are done before all others. */
  readonly canary: readonly Tenant[];
  /** Reads the tenants one by one, as they are needed; `isStopped` tells when only their names are. */
  read(isStopped: () => boolean): AsyncGenerator<Candidate, void, undefined>;
  /** Counts those that are read, for progress, and those of which it is known that nothing is to be done. */
  count(): Promise<{ readonly listed: number; readonly upToDate: number }>;
  /** Whether tenants that somebody else brings up to date meanwhile are not read any more. */
  readonly skipsUpToDate?: boolean;
  /** Takes tenants from the queue until it is empty; several such workers share it. */
  worker(queue: FleetQueue): Promise<void>;
  /** Does the part of a tenant that was put aside, and waits for whoever is busy with it. */
  work(tenant: Tenant): Promise<MigrationResult | undefined>;
  /** Whether no more tenants are to be begun, for a reason of its own. */
  isStopped(): boolean;
  /** Where the run is written down; absent for one that does nothing. */
  readonly record?: FleetRecord | undefined;
}

/**
 * Works through a fleet, so many tenants at a time. One that fails does not stop the others, unless
 * so asked; those in hand are always finished.
 *
 * @throws what reading the tenants, or `onProgress`, throws; after those in hand are finished
 */
export async function runFleet(fleet: FleetWork, options: FleetOptions): Promise<FleetResult> {
  const startedAt = performance.now();
  const { listed, upToDate } = await fleet.count();
  const run = new FleetRun(fleet, options, listed);
  await fleet.record?.begin(listed + fleet.canary.length);
  try {
    await run.all();
    const left = await run.readRest();
    const failed = run.results.filter((item) => !item.ok);
    const known = run.results.length + run.unchanged + left.length;
    const overtaken = fleet.skipsUpToDate === true ? Math.max(0, run.total - known) : 0;
    const counts = {
      changed: run.results.length - failed.length,
      failed: failed.length,
      notReached: left.length,
      unchanged: run.unchanged + upToDate + overtaken,
    };
    await fleet.record?.end({ counts, stopped: run.stopped }, left);
    return {
      counts,
      durationMs: performance.now() - startedAt,
      failed,
      notReached: left.map(({ slug }) => slug).toSorted(),
      ok: failed.length === 0 && left.length === 0,
      results: run.results,
      stopped: run.stopped,
      ...(fleet.record?.id !== undefined && { runId: fleet.record.id }),
    };
  } catch (error) {
    await fleet.record?.endBroken();
    throw error;
  }
}

/** A tenant that was not begun. */
type Left = Pick<Tenant, "id" | "slug">;

/** One run; its workers share it. */
class FleetRun implements FleetQueue {
  readonly results: FleetItem[] = [];
  unchanged = 0;
  readonly #candidates: AsyncGenerator<Candidate, void, undefined>;
  readonly #fleet: FleetWork;
  readonly #left: Left[] = [];
  readonly #limit: FailureLimit | undefined;
  readonly #options: FleetOptions;
  readonly #pace: Pace;
  #aside: Tenant[] = [];
  #canary: Tenant[] = [];
  #failures = 0;
  #isBroken = false;
  #isEnd = false;
  /** Tenants that the wave may still begin. */
  #quota = 0;
  #total: number;
  /** Tenants up to the end of the wave. */
  #waveEnd = 0;
  #why: FleetStop | undefined;

  constructor(fleet: FleetWork, options: FleetOptions, total: number) {
    this.#candidates = fleet.read(() => this.#isStopped());
    this.#fleet = fleet;
    this.#limit =
      options.continueOnError === false ? { count: 0 } : parseFailureLimit(options.maxFailures);
    this.#options = options;
    this.#pace = new Pace(options.perSecond);
    this.#total = total;
  }

  /** Tenants that it has to look at, without those that have left it. */
  get total(): number {
    return this.#total;
  }

  /** Why it ended before its end, if it did. */
  get stopped(): FleetStop | undefined {
    // The tenants that the last failure left may have been none.
    return this.#left.length > 0 || this.#why === "canary" ? this.#why : undefined;
  }

  async all(): Promise<void> {
    this.#canary = [...this.#fleet.canary];
    if (this.#canary.length > 0) {
      await this.#wave(this.#canary.length);
      if (this.#failures > 0) this.#why = "canary";
    }
    const hasWaves = this.#options.maxFailures !== undefined;
    let size = hasWaves ? FIRST_WAVE : Infinity;
    for (; !this.#isEnd && !this.#isStopped(); size *= GROWTH) await this.#wave(size);
  }

  async take(): Promise<Tenant | undefined> {
    for (;;) {
      if (this.#quota === 0 || this.#isStopped()) return undefined;
      this.#quota -= 1;
      const next = this.#canary.shift() ?? (await this.#next());
      if (next === undefined) return undefined;
      await this.#pace.wait(this.#options.signal);
      if (this.#isStopped()) {
        this.#left.push(leftOf(next));
        return undefined;
      }
      return next;
    }
  }

  async settle(
    tenant: Tenant,
    work: () => Promise<MigrationResult | "busy" | undefined>,
  ): Promise<void> {
    const startedAt = performance.now();
    const fromVersion = tenant.version;
    let item: FleetItem;
    try {
      const result = await work();
      if (result === "busy") {
        this.putAside(tenant);
        return;
      }
      if (result === undefined) {
        this.#total -= 1;
        return;
      }
      item = { ...result, fromVersion, ok: true, tenant: result.tenant ?? tenant.slug };
      if (result.versions.length === 0) this.unchanged += 1;
      else this.results.push(item);
    } catch (error) {
      this.#failures += 1;
      item = {
        durationMs: performance.now() - startedAt,
        error:
          error instanceof Error ? error : new Error("Not an error was thrown.", { cause: error }),
        fromVersion,
        ok: false,
        schemaName: tenant.schemaName,
        tenant: tenant.slug,
      };
      this.results.push(item);
    }
    this.#fleet.record?.noteTenant(tenant, item);
    const done = this.results.length + this.unchanged;
    // Tenants that were made since they were counted are in the run too.
    this.#options.onProgress?.({ done, last: item, total: Math.max(done, this.#total) });
  }

  putAside(tenant: Tenant): void {
    this.#aside.push(tenant);
  }

  /** Returns the tenants that were not begun. */
  async readRest(): Promise<readonly Left[]> {
    this.#left.push(...this.#canary.map(leftOf));
    for await (const { tenant } of this.#candidates) this.#left.push(leftOf(tenant));
    return this.#left;
  }

  async #wave(size: number): Promise<void> {
    const { concurrency = DEFAULT_CONCURRENCY } = this.#options;
    this.#quota = size;
    this.#waveEnd += size;
    await this.#together(concurrency, () => this.#fleet.worker(this));
    const aside = this.#aside.values();
    this.#aside = [];
    await this.#together(concurrency, async () => {
      for (const tenant of aside) {
        if (this.#isStopped()) this.#left.push(leftOf(tenant));
        else await this.settle(tenant, () => this.#fleet.work(tenant));
      }
    });
  }

  /** Waits for all of them, even if one breaks. */
  async #together(concurrency: number, worker: () => Promise<void>): Promise<void> {
    const guarded = async (): Promise<void> => {
      try {
        await worker();
      } catch (error) {
        this.#isBroken = true;
        throw error;
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: concurrency }, guarded));
    const broken = workers.find(({ status }) => status === "rejected");
    if (broken?.status === "rejected") throw broken.reason;
  }

  async #next(): Promise<Tenant | undefined> {
    for (;;) {
      // The generator answers one after the other, so no two workers get the same tenant.
      const next = await this.#candidates.next();
      if (next.done === true) {
        this.#isEnd = true;
        return undefined;
      }
      const { isUpToDate, tenant } = next.value;
      if (!isUpToDate) return tenant;
      const { schemaName, slug } = tenant;
      await this.settle(tenant, async () => ({
        durationMs: 0,
        schemaName,
        tenant: slug,
        versions: [],
      }));
      if (this.#isStopped()) return undefined;
    }
  }

  /** Whether no more tenants are to be begun. */
  #isStopped(): boolean {
    if (this.#options.signal?.aborted === true) this.#why ??= "signal";
    else if (this.#hasFailedTooOften()) this.#why ??= "failures";
    return this.#isBroken || this.#fleet.isStopped() || this.#why !== undefined;
  }

  #hasFailedTooOften(): boolean {
    const limit = this.#limit;
    if (limit === undefined) return false;
    const allowed =
      "count" in limit
        ? limit.count
        : // As a fraction, 29 of 100 would be a little less.
          Math.floor((limit.percent * Math.min(this.#waveEnd, this.#total)) / 100);
    return this.#failures > allowed;
  }
}

/** Of thousands, no more is kept than is told of them. */
function leftOf({ id, slug }: Tenant): Left {
  return { id, slug };
}
