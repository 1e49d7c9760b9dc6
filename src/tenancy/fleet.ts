import type { Session } from "../core/driver.ts";
import type { OperationEvent } from "../core/events.ts";
import type { FleetOptions, FleetResult } from "../core/fleet.ts";
import type { MigrateOptions, MigrationResult, RollbackOptions } from "../core/migrator.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { withTenantLock } from "../lifecycle/tenant-lock.ts";
import { askedOfFleet } from "./audit-details.ts";
import { lookAhead, withoutLook } from "./fleet-look.ts";
import { MessageWorkers } from "./fleet-messages.ts";
import { checkFleetOptions, DEFAULT_CONCURRENCY } from "./fleet-options.ts";
import { planningWorker, withPending } from "./fleet-plan.ts";
import { FleetRecord } from "./fleet-records.ts";
import {
  checkResume,
  isBySteps,
  NOTHING_LEFT,
  recordedOptions,
  type RunOptions,
  takeUp,
} from "./fleet-resume.ts";
import { type FleetQueue, type FleetWork, runFleet } from "./fleet-run.ts";
import {
  everyTenant,
  type FleetSelection,
  planSelection,
  readCanary,
  tenantsBehind,
} from "./fleet-selection.ts";
import { learn } from "./lifecycle.ts";
import { MIGRATABLE, migrateLocked } from "./migrations.ts";
import type { Operations } from "./operations.ts";
import { retryConnecting } from "./retry-connecting.ts";

/** The part of {@link Tenancy} that works through all tenants. */
export type Fleet = Pick<Tenancy, "migrateAll" | "rollbackAll">;

/** One tenant's part of a run, under its lock. */
type Part = (session: Session, tenant: Tenant, options: RunOptions) => Promise<MigrationResult>;

/** What does not depend on whether a run migrates or rolls back. */
type FleetBasis = Pick<FleetWork, "canary" | "isStopped" | "record" | "work"> & {
  /** Does the part of a tenant, unless somebody else is busy with it. */
  readonly tryWork: (tenant: Tenant) => Promise<MigrationResult | "busy" | undefined>;
};

/** Creates the part of a tenancy that works through all tenants. */
export function createFleet(
  deps: LifecycleDeps,
  operations: Operations,
  refill: () => Promise<void>,
): Fleet {
  const { migrator } = deps;

  return {
    migrateAll: async (options: FleetOptions & MigrateOptions = {}) => {
      const result = await run(deps, operations, options, "migrate", (session, tenant, how) =>
        migrator.migrate(session, tenant, how),
      );
      if (options.dryRun !== true && options.signal?.aborted !== true) await refill();
      return result;
    },
    rollbackAll: async (options: FleetOptions & RollbackOptions = {}) =>
      await run(deps, operations, options, "rollback", (session, tenant, how) =>
        migrator.rollback(session, tenant, how),
      ),
  };
}

async function run(
  deps: LifecycleDeps,
  operations: Operations,
  given: RunOptions,
  verb: "migrate" | "rollback",
  part: Part,
): Promise<FleetResult> {
  checkFleetOptions(given);
  checkResume(given);
  const wanted = planSelection(given, deps);
  return await operations.run(
    `fleet.${verb}`,
    {},
    async (event) => {
      const taken = given.resume === true ? await takeUp(deps, verb, given) : undefined;
      if (given.resume === true && taken === undefined) return NOTHING_LEFT;
      const { id: resumes = null, ids, options } = taken ?? { options: given };
      const selection = taken === undefined ? wanted : { ...planSelection(options, deps), ids };
      const canary = await readCanary(deps, selection, options.canary);
      const { version: latestVersion } = await deps.migrator.latest("tenant");
      const about = { latestVersion, options: recordedOptions(options), resumes, verb };
      const record = options.dryRun === true ? undefined : new FleetRecord(deps, about);
      const how = { options, part, selection, verb } as const;
      const tryOnce = { ...deps, settings: { ...deps.settings, lockTimeoutMs: 0 } };
      const fleet: FleetBasis = {
        canary,
        isStopped: () => operations.isClosed,
        record,
        tryWork: (tenant) => workOn(deps, operations, tenant, { ...how, locking: tryOnce }),
        work: async (tenant) => {
          const result = await workOn(deps, operations, tenant, { ...how, locking: deps });
          return result === "busy" ? undefined : result;
        },
      };
      const done =
        verb === "migrate"
          ? await migrateFleet(deps, operations, selection, options, fleet)
          : await rollBackFleet(deps, selection, options, fleet);
      if (!done.ok) event.error = failureOf(done);
      const result = options.dryRun === true ? await withPending(deps, done) : done;
      return resumes === null ? result : { ...result, resumed: resumes };
    },
    askedOfFleet(given),
  );
}

async function rollBackFleet(
  deps: LifecycleDeps,
  selection: FleetSelection,
  options: FleetOptions,
  fleet: FleetBasis,
): Promise<FleetResult> {
  const { count, read } = everyTenant(deps, selection, fleet.canary);
  const worker =
    options.dryRun === true
      ? planningWorker(fleet.work)
      : (queue: FleetQueue): Promise<void> => carefully(queue, fleet.tryWork);
  return await runFleet({ ...fleet, count, read: () => withoutLook(read()), worker }, options);
}

/** Migrates the tenants that the registry, or their own histories, say are behind. */
async function migrateFleet(
  deps: LifecycleDeps,
  operations: Operations,
  selection: FleetSelection,
  options: FleetOptions & MigrateOptions,
  fleet: FleetBasis,
): Promise<FleetResult> {
  const { concurrency = DEFAULT_CONCURRENCY, to, toExclusive, verify } = options;
  // A version that does not exist is an error even where there is nothing to do.
  const isLimited = to !== undefined || toExclusive !== undefined;
  const { digest } = await deps.migrator.latest("tenant");
  const tenants =
    verify === true || isLimited
      ? everyTenant(deps, selection, fleet.canary)
      : tenantsBehind(deps, selection, fleet.canary, digest);
  const read: FleetWork["read"] = (isStopped) =>
    verify === true
      ? lookAhead(deps, tenants.read(), { concurrency, shouldLook: () => !isStopped() })
      : withoutLook(tenants.read());
  if (options.dryRun === true && verify !== true) {
    const worker = planningWorker(fleet.work);
    return await runFleet({ ...fleet, ...tenants, read, worker }, options);
  }
  const writer =
    verify === true ? undefined : deps.migrator.messages(options, selection.states ?? MIGRATABLE);
  if (writer === undefined) {
    const worker = (queue: FleetQueue): Promise<void> => carefully(queue, fleet.tryWork);
    return await runFleet({ ...fleet, ...tenants, read, worker }, options);
  }
  const messages = new MessageWorkers({
    careful: fleet.work,
    deps,
    mayRepeat: !isBySteps("migrate", recordedOptions(options)),
    perSecond: options.perSecond,
    trace: (tenant, fn) =>
      operations.trace("tenant.migrate", about(tenant), fn, ({ versions }) =>
        versions.length > 0 ? "info" : "debug",
      ),
    writer,
  });
  const worker = (queue: FleetQueue): Promise<void> => messages.work(queue);
  try {
    return await runFleet({ ...fleet, ...tenants, read, worker }, options);
  } finally {
    // What is remembered elsewhere is out of date for a while, which is no failure of the run.
    await messages.announce().catch((error: unknown) => {
      deps.settings.logger.warn({ err: error }, "migrated tenants not announced");
    });
  }
}

/**
 * Does tenants one after the other, each under its lock. One that somebody else is busy with is left to
 * the end of the wave: two runs at once would go in step, and only one of them would do anything.
 */
async function carefully(queue: FleetQueue, work: FleetBasis["tryWork"]): Promise<void> {
  for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
    const tenant = next;
    await queue.settle(tenant, () => work(tenant));
  }
}

/** How the tenants of a run are done. */
interface How {
  /** Says how long a tenant's lock is waited for. */
  readonly locking: LifecycleDeps;
  readonly options: RunOptions;
  readonly part: Part;
  readonly selection: FleetSelection;
  readonly verb: "migrate" | "rollback";
}

/**
 * @returns `undefined` if the tenant left the run after it was listed, such as by being dropped; "busy"
 *   if its lock is not free, and was to be tried once
 */
async function workOn(
  deps: LifecycleDeps,
  operations: Operations,
  listed: Tenant,
  { locking, options, part, selection, verb }: How,
): Promise<MigrationResult | "busy" | undefined> {
  return await operations.trace(
    `tenant.${verb}`,
    about(listed),
    async (event) => {
      let isHeld = false;
      try {
        const attempt = (): Promise<MigrationResult | undefined> => {
          isHeld = false;
          return withTenantLock(locking, listed, async (session, tenant) => {
            isHeld = true;
            learn(event, tenant);
            if (selection.states?.includes(tenant.state) === false) return undefined;
            return await migrateLocked(deps, tenant, () => part(session, tenant, options));
          });
        };
        return await retryConnecting(deps, attempt, () => !isHeld || mayRepeat(verb, options));
      } catch (error) {
        const isGone = isTenancyError(error, "TENANT_NOT_FOUND") && selection.only === undefined;
        if (isGone) return undefined;
        const isTried = locking !== deps && !isHeld;
        if (isTried && isTenancyError(error, "TENANT_BUSY")) return "busy";
        throw error;
      }
    },
    // A line for each of thousands of tenants in which nothing was to be done hides the others.
    (result) => (typeof result === "object" && result.versions.length > 0 ? "info" : "debug"),
  );
}

/**
 * Whether a tenant's part may be done again where nobody knows how far it came: by steps it would be
 * done twice, and the answer to what was interrupted before is none to what is interrupted now.
 */
function mayRepeat(verb: "migrate" | "rollback", options: RunOptions): boolean {
  return options.interrupted === undefined && !isBySteps(verb, recordedOptions(options));
}

function about({ schemaName, slug }: Tenant): Pick<OperationEvent, "schemaName" | "tenant"> {
  return { schemaName, tenant: slug };
}

function failureOf({ failed, notReached }: FleetResult): AggregateError {
  return new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} tenants failed, and ${notReached.length} were not reached.`,
  );
}
