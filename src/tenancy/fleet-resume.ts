import type { FleetOptions, FleetResult } from "../core/fleet.ts";
import type { FleetRunOptions } from "../core/fleet-runs.ts";
import type { MigrateOptions, RollbackOptions } from "../core/migrator.ts";
import type { RunRow } from "../core/run-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { createRunStatement } from "../registry/registry-table.ts";
import { badOption } from "./fleet-options.ts";
import { KEPT_RUNS } from "./fleet-records.ts";

/** Everything that a run may be told. */
export type RunOptions = FleetOptions & MigrateOptions & RollbackOptions;

/** A run that is taken up. */
export interface TakenUp {
  /** The run. */
  readonly id: string;
  /** Its options, with what is of the new run alone. */
  readonly options: RunOptions;
  /** Ids of the tenants that it left; `undefined` for all that have something to do. */
  readonly ids: ReadonlySet<string> | undefined;
}

/** Options that are the old run's alone. */
const OLD_RUNS = [
  "only",
  "except",
  "state",
  "canary",
  "to",
  "toExclusive",
  "steps",
  "phase",
  "all",
] as const;

/** Those of them that leave something undone, even where all goes well. */
const NARROWING = OLD_RUNS.filter((name) => name !== "canary" && name !== "all");

/** Checks that `resume` goes with the other options. @throws TenancyError `INVALID_QUERY` */
export function checkResume(options: RunOptions): void {
  const { resume } = options;
  if (resume !== undefined && typeof resume !== "boolean") {
    throw badOption("resume", "is not a boolean");
  }
  const odd = OLD_RUNS.find((name) => options[name] !== undefined);
  if (resume === true && odd !== undefined) {
    throw badOption("resume", `goes on with a run's own options, and \`${odd}\` is one of them`);
  }
}

/** Returns what of a run's options is recorded. */
export function recordedOptions(options: RunOptions): FleetRunOptions {
  const names = [...OLD_RUNS, "maxFailures", "perSecond", "verify"] as const;
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
}

/**
 * Finds the last run that did not end well, and was not taken up since. Whether its process lives does
 * not matter: each tenant has its lock, and whoever is done has nothing to do, so that two may share it.
 *
 * @returns `undefined` when there is none
 * @throws TenancyError `INVALID_QUERY` for a run by steps; `REGISTRY_MISSING`
 */
export async function takeUp(
  deps: LifecycleDeps,
  verb: RunRow["verb"],
  given: RunOptions,
): Promise<TakenUp | undefined> {
  const { driver, settings } = deps;
  const { runs } = driver.dialect;
  const run = createRunStatement(driver.dialect.registry, settings.registry);
  const on = pooledQueries(driver);
  const rows = await run<Record<string, unknown>>(on, runs.list(settings.registry, KEPT_RUNS));
  const last = findLeft(
    rows.map((row) => runs.readRun(row)),
    verb,
  );
  if (last === undefined) return undefined;
  const recorded = JSON.parse(last.options) as FleetRunOptions;
  checkLimit(last, recorded);
  const isWhole = last.endedAt !== null && last.stopped !== "error";
  const { canary, ...rest } = recorded;
  // A canary that failed has to show that it is well now; of a run that died, nobody knows.
  const again = isWhole && last.stopped !== "canary" ? {} : { canary };
  const options = { ...rest, ...again, ...given } as RunOptions;
  if (!isWhole) return { id: last.id, ids: undefined, options };
  const left = await run<{ tenant_id: unknown }>(
    on,
    runs.listTenantIds(settings.registry, last.id),
  );
  return { id: last.id, ids: new Set(left.map((row) => String(row.tenant_id))), options };
}

function findLeft(newestFirst: readonly RunRow[], verb: RunRow["verb"]): RunRow | undefined {
  const runs = new Map(newestFirst.map((run) => [run.id, run]));
  for (const run of newestFirst.filter((each) => each.verb === verb)) {
    if (run.resumedBy === null && !isWell(run)) return run;
    // What earlier runs left was in this one, too.
    if (run.resumes === null && isForAll(run) && isWell(lastOf(run, runs))) return undefined;
  }
  return undefined;
}

/** The run that took it up, and so on. */
function lastOf(run: RunRow, runs: ReadonlyMap<string, RunRow>): RunRow | undefined {
  let last: RunRow | undefined = run;
  while (last !== undefined && last.resumedBy !== null) last = runs.get(last.resumedBy);
  return last;
}

function isWell(run: RunRow | undefined): boolean {
  if (run === undefined) return false;
  const { counts, endedAt, stopped } = run;
  return endedAt !== null && stopped === null && counts.failed === 0 && counts.notReached === 0;
}

function isForAll({ options }: RunRow): boolean {
  const recorded = JSON.parse(options) as FleetRunOptions;
  return NARROWING.every((name) => recorded[name] === undefined);
}

/**
 * By steps, nobody can tell a tenant that is done from one that is not: it would be rolled back twice.
 *
 * @throws TenancyError `INVALID_QUERY`
 */
function checkLimit({ id, verb }: RunRow, options: FleetRunOptions): void {
  if (!isBySteps(verb, options)) return;
  throw new TenancyError("INVALID_QUERY", `The run ${id} went by steps, and cannot be taken up.`, {
    remedy: `Bring all tenants to one version, with \`${verb === "migrate" ? "to" : "toExclusive"}\`.`,
  });
}

/** Whether a run takes tenants so many steps on, from wherever they are. */
export function isBySteps(verb: RunRow["verb"], options: FleetRunOptions): boolean {
  const { all, steps, to, toExclusive } = options;
  const isOneStep = verb === "rollback" && all !== true && (to ?? toExclusive) === undefined;
  return steps !== undefined || isOneStep;
}

/** What a run does that finds none to take up. */
export const NOTHING_LEFT: FleetResult = {
  counts: { changed: 0, failed: 0, notReached: 0, unchanged: 0 },
  durationMs: 0,
  failed: [],
  notReached: [],
  ok: true,
  results: [],
  resumed: null,
  stopped: undefined,
};
