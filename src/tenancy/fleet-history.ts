import type { FleetRun, FleetRunDetails, FleetRunOptions } from "../core/fleet-runs.ts";
import type { RunRow } from "../core/run-sql.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { createRunStatement, type RunStatement } from "../registry/registry-table.ts";
import { badOption } from "./fleet-options.ts";
import { KEPT_RUNS } from "./fleet-records.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that tells of runs. */
export type FleetHistory = Pick<Tenancy, "fleetRun" | "fleetRuns">;

/** Seconds without a sign of life after which a run counts as dead. */
const DEAD_AFTER_SECONDS = 60;

const DEFAULT_TENANTS = 100;

type RawRow = Readonly<Record<string, unknown>>;

/** Creates the part of a tenancy that tells of runs. */
export function createFleetHistory(deps: LifecycleDeps, operations: Operations): FleetHistory {
  const { driver, settings } = deps;
  const { runs } = driver.dialect;
  const tables = settings.registry;
  const run: RunStatement = createRunStatement(driver.dialect.registry, tables);

  return {
    fleetRun: async (id, { limit = DEFAULT_TENANTS } = {}) => {
      if (!Number.isInteger(limit) || limit < 0) throw badOption("limit", "is not a whole number");
      // What no number of a run can be is just not found.
      if (!/^\d{1,18}$/.test(id)) return undefined;
      return await operations.track(async () => {
        const on = pooledQueries(driver);
        const [row] = await run<RawRow>(on, runs.get(tables, id));
        if (row === undefined) return undefined;
        const tenants = await run<RawRow>(on, runs.listTenants(tables, id, limit));
        const details: FleetRunDetails = {
          ...toRun(runs.readRun(row)),
          tenants: tenants.map((tenant) => runs.readTenant(tenant)),
        };
        return details;
      });
    },
    fleetRuns: async () =>
      await operations.track(async () => {
        const rows = await run<RawRow>(pooledQueries(driver), runs.list(tables, KEPT_RUNS));
        return rows.map((row) => toRun(runs.readRun(row)));
      }),
  };
}

function toRun({ idleSeconds, ...row }: RunRow): FleetRun {
  const options = JSON.parse(row.options) as FleetRunOptions;
  return { ...row, options, state: stateOf({ ...row, idleSeconds }) };
}

function stateOf({ counts, endedAt, idleSeconds, stopped }: RunRow): FleetRun["state"] {
  if (endedAt === null) return idleSeconds > DEAD_AFTER_SECONDS ? "died" : "running";
  return stopped === null && counts.failed === 0 && counts.notReached === 0 ? "done" : "failed";
}
