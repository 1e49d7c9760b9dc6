import type { Session } from "../core/driver.ts";
import type { MigrateOptions, MigrationResult, RollbackOptions } from "../core/migrator.ts";
import type { FleetOptions, FleetResult, Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { withTenantLock } from "../lifecycle/tenant-lock.ts";
import { lookAhead } from "./fleet-look.ts";
import { checkFleetOptions, DEFAULT_CONCURRENCY, type FleetWork, runFleet } from "./fleet-run.ts";
import { type FleetSelection, planSelection, readSelection } from "./fleet-selection.ts";
import { learn } from "./lifecycle.ts";
import { migrateLocked } from "./migrations.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that works through all tenants. */
export type Fleet = Pick<Tenancy, "migrateAll" | "rollbackAll">;

/** One tenant's part of a run, under its lock. */
type Part = (session: Session, tenant: Tenant) => Promise<MigrationResult>;

/** Creates the part of a tenancy that works through all tenants. */
export function createFleet(deps: LifecycleDeps, operations: Operations): Fleet {
  const { migrator } = deps;

  return {
    migrateAll: async (options: FleetOptions & MigrateOptions = {}) =>
      await run(deps, operations, options, "migrate", (session, tenant) =>
        migrator.migrate(session, tenant, options),
      ),
    rollbackAll: async (options: FleetOptions & RollbackOptions = {}) =>
      await run(deps, operations, options, "rollback", (session, tenant) =>
        migrator.rollback(session, tenant, options),
      ),
  };
}

async function run(
  deps: LifecycleDeps,
  operations: Operations,
  options: FleetOptions & Pick<MigrateOptions, "to" | "toExclusive">,
  verb: "migrate" | "rollback",
  part: Part,
): Promise<FleetResult> {
  checkFleetOptions(options);
  const selection = planSelection(options, deps);
  // A version that does not exist is an error even where there is nothing to do.
  const { to, toExclusive } = options;
  const isLooking = verb === "migrate" && to === undefined && toExclusive === undefined;
  return await operations.run(`fleet.${verb}`, {}, async (event) => {
    const result = await runFleet(
      {
        countTenants: () => count(deps, selection),
        isStopped: () => operations.isClosed,
        read: (isStopped) =>
          lookAhead(deps, readSelection(deps, selection), {
            concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
            shouldLook: () => isLooking && !isStopped(),
          }),
        work: (tenant) => workOn(deps, operations, selection, verb, tenant, part),
      } satisfies FleetWork,
      options,
    );
    if (!result.ok) event.error = failureOf(result);
    return result;
  });
}

async function count(deps: LifecycleDeps, selection: FleetSelection): Promise<number> {
  let total = 0;
  for await (const _ of readSelection(deps, selection)) total += 1;
  return total;
}

/** @returns `undefined` if the tenant left the run after it was listed, such as by being dropped */
async function workOn(
  deps: LifecycleDeps,
  operations: Operations,
  selection: FleetSelection,
  verb: "migrate" | "rollback",
  listed: Tenant,
  part: Part,
): Promise<MigrationResult | undefined> {
  const about = { schemaName: listed.schemaName, tenant: listed.slug };
  return await operations.trace(
    `tenant.${verb}`,
    about,
    async (event) => {
      try {
        return await withTenantLock(deps, listed, async (session, tenant) => {
          learn(event, tenant);
          if (selection.states?.includes(tenant.state) === false) return undefined;
          return await migrateLocked(deps, tenant, () => part(session, tenant));
        });
      } catch (error) {
        const isGone = isTenancyError(error, "TENANT_NOT_FOUND") && selection.only === undefined;
        if (isGone) return undefined;
        throw error;
      }
    },
    // A line for each of thousands of tenants in which nothing was to be done hides the others.
    (result) => (result !== undefined && result.versions.length > 0 ? "info" : "debug"),
  );
}

function failureOf({ failed, notReached }: FleetResult): AggregateError {
  return new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} tenants failed, and ${notReached.length} were not reached.`,
  );
}
