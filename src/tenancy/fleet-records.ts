import { hostname } from "node:os";
import type { Statement } from "../core/dialect.ts";
import type { Queryable } from "../core/driver.ts";
import type { FleetCounts, FleetItem, FleetResult } from "../core/fleet.ts";
import type { FleetRun, FleetRunOptions, FleetRunTenant } from "../core/fleet-runs.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { createRunStatement, type RunStatement } from "../registry/registry-table.ts";
import { explainFailure } from "./fleet-failure.ts";

/** Runs that are kept. */
export const KEPT_RUNS = 50;

/** How often a run shows that it lives: six times before it counts as dead. */
const BEAT_MS = 10_000;

/** How often a write is tried. */
const ATTEMPTS = 3;

/** Tenants that are written by one statement. */
const BATCH = 500;

/** What a record is made of, beside the process. */
export interface NewRecord {
  readonly verb: FleetRun["verb"];
  readonly options: FleetRunOptions;
  readonly latestVersion: string | null;
  /** The run that is taken up. */
  readonly resumes: string | null;
}

/**
 * The record of one run: begun, kept alive, and ended. A run does not depend on it: what cannot be
 * written is warned of, and the run goes on.
 */
export class FleetRecord {
  readonly #about: NewRecord;
  readonly #deps: LifecycleDeps;
  readonly #run: RunStatement;
  /** Failures that are not written yet, by the tenants' ids. */
  readonly #failures = new Map<string, FleetRunTenant>();
  /** Tenants of which an older record says that they failed, and those that were come to since. */
  readonly #unsettled = new Set<string>();
  readonly #settled = new Set<string>();
  #counts = { changed: 0, failed: 0, notReached: 0, unchanged: 0 };
  #id: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: LifecycleDeps, about: NewRecord) {
    this.#about = about;
    this.#deps = deps;
    this.#run = createRunStatement(deps.driver.dialect.registry, deps.settings.registry);
  }

  /** Its number; `undefined` while there is none. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Begins it, if there is something to write down. */
  async begin(tenants: number): Promise<void> {
    const { driver } = this.#deps;
    if (tenants === 0 && this.#about.resumes === null) return;
    await this.#write(async () => {
      const id = await driver.transaction(GLOBAL_SCOPE, (tx) => this.#insert(tx));
      this.#id = id;
      this.#timer = setInterval(() => void this.#beat(id), BEAT_MS).unref();
    });
  }

  /** Notes what became of a tenant. */
  noteTenant({ id, slug }: Tenant, item: FleetItem): void {
    if (this.#unsettled.has(id)) this.#settled.add(id);
    if (item.ok) this.#counts[item.versions.length > 0 ? "changed" : "unchanged"] += 1;
    else {
      this.#counts.failed += 1;
      this.#failures.set(id, { id, outcome: "failed", slug, ...explainFailure(item.error) });
    }
  }

  /** Ends it, with the tenants that were not reached. */
  async end(
    { counts, stopped }: Pick<FleetResult, "counts" | "stopped">,
    left: readonly Pick<Tenant, "id" | "slug">[],
  ): Promise<void> {
    const outcome = { code: null, message: null, outcome: "notReached" as const };
    const notReached = left.map(({ id, slug }): FleetRunTenant => ({ ...outcome, id, slug }));
    await this.#end(counts, stopped ?? null, notReached);
  }

  /** Ends it where the run broke, so that nobody knows which tenants it did not reach. */
  async endBroken(): Promise<void> {
    await this.#end(this.#counts, "error", []);
  }

  async #end(
    counts: FleetCounts,
    stopped: FleetRun["stopped"],
    notReached: readonly FleetRunTenant[],
  ): Promise<void> {
    clearInterval(this.#timer);
    const id = this.#id;
    if (id === undefined) return;
    const { driver, settings } = this.#deps;
    const { runs } = driver.dialect;
    await this.#write(() =>
      driver.transaction(GLOBAL_SCOPE, async (tx) => {
        await this.#writeTenants(tx, id, notReached);
        await this.#run(tx, runs.end(settings.registry, id, counts, stopped));
      }),
    );
    await this.#write(async () => {
      await this.#run(pooledQueries(driver), runs.prune(settings.registry, KEPT_RUNS));
    });
  }

  async #insert(tx: Queryable): Promise<string> {
    const { driver, settings } = this.#deps;
    const { runs } = driver.dialect;
    const tables = settings.registry;
    const { options, resumes } = this.#about;
    const self = { host: hostname().slice(0, 255), pid: process.pid };
    const run = { ...this.#about, ...self, options: JSON.stringify(options) };
    const [made] = await this.#runAll<{ id: unknown }>(tx, runs.insert(tables, run));
    const id = String(made?.id);
    if (resumes !== null) await this.#run(tx, runs.takeUp(tables, resumes, id));
    for (const row of await this.#run<{ tenant_id: unknown }>(tx, runs.listUnsettled(tables))) {
      this.#unsettled.add(String(row.tenant_id));
    }
    return id;
  }

  async #beat(id: string): Promise<void> {
    const { driver, settings } = this.#deps;
    const { runs } = driver.dialect;
    await this.#write(async () => {
      const on = pooledQueries(driver);
      const forget = await this.#writeTenants(on, id, []);
      await this.#run(on, runs.update(settings.registry, id, this.#counts));
      forget();
    });
  }

  /** @returns what forgets those that were written; what came meanwhile is written the next time */
  async #writeTenants(
    on: Queryable,
    id: string,
    more: readonly FleetRunTenant[],
  ): Promise<() => void> {
    const { driver, settings } = this.#deps;
    const { runs } = driver.dialect;
    const failures = [...this.#failures.values()];
    const tenants = [...failures, ...more];
    for (let from = 0; from < tenants.length; from += BATCH) {
      const batch = tenants.slice(from, from + BATCH);
      await this.#run(on, runs.addTenants(settings.registry, id, batch));
    }
    const settled = [...this.#settled];
    for (let from = 0; from < settled.length; from += BATCH) {
      const batch = settled.slice(from, from + BATCH);
      await this.#run(on, runs.settle(settings.registry, id, batch));
    }
    return () => {
      for (const failure of failures) this.#failures.delete(failure.id);
      for (const tenantId of settled) this.#settled.delete(tenantId);
    };
  }

  async #runAll<Row>(on: Queryable, statements: readonly Statement[]): Promise<Row[]> {
    let rows: Row[] = [];
    for (const statement of statements) rows = await this.#run<Row>(on, statement);
    return rows;
  }

  /** One write after the other; again, where another run is at the same rows. */
  async #write(fn: () => Promise<unknown>): Promise<void> {
    const { driver, settings } = this.#deps;
    this.#writing = this.#writing.then(async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await fn();
          return;
        } catch (error) {
          if (attempt < ATTEMPTS && driver.dialect.schema.isLockConflict(error)) continue;
          settings.logger.warn({ err: error }, "fleet run not recorded");
          return;
        }
      }
    });
    await this.#writing;
  }
}
