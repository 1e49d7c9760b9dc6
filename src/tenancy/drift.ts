import type { DiffResult } from "../core/drift.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { diffFleet, type DiffRun } from "../drift/diff-fleet.ts";
import { makeReference, type Reference, referenceOf } from "../drift/reference.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { notFound, parseRef } from "../lifecycle/refs.ts";
import { badOption, checkFleetOptions, DEFAULT_CONCURRENCY } from "./fleet-options.ts";
import { type FleetSelection, planSelection, readSelection } from "./fleet-selection.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that compares schemas. */
export type Drift = Pick<Tenancy, "diff">;

/** Creates the part of a tenancy that compares schemas. */
export function createDrift(deps: LifecycleDeps, operations: Operations): Drift {
  return {
    diff: async (options = {}) => {
      const { onProgress, ...how } = options;
      checkFleetOptions(how);
      if (onProgress !== undefined && typeof onProgress !== "function") {
        throw badOption("onProgress", "is not a function");
      }
      const selection = planSelection(how, deps);
      const { against, concurrency = DEFAULT_CONCURRENCY } = options;
      const ref = against === undefined ? undefined : parseRef(against, deps.settings.rules);
      return await operations.run(
        "fleet.diff",
        {},
        async (event) => {
          const run = runOf(deps, operations, selection, ref);
          const result = await diffFleet(deps, run, { ...options, concurrency });
          if (result.failed.length > 0) event.error = failureOf(result);
          return result;
        },
        undefined,
      );
    },
  };
}

function runOf(
  deps: LifecycleDeps,
  operations: Operations,
  selection: FleetSelection,
  against: TenantRef | undefined,
): DiffRun {
  return {
    countTenants: async () => {
      let total = 0;
      for await (const _ of readSelection(deps, selection)) total += 1;
      return total;
    },
    isStopped: () => operations.isClosed,
    isWanted: (tenant) => isWanted(tenant, selection),
    makeReference: () => (against === undefined ? makeReference(deps) : readAgainst(deps, against)),
    read: () => readSelection(deps, selection),
  };
}

/** A tenant that was named is reported even if it is gone by now. */
function isWanted(tenant: Tenant | undefined, { only, states }: FleetSelection): boolean {
  if (tenant === undefined) return only !== undefined;
  return states?.includes(tenant.state) !== false;
}

async function readAgainst(deps: LifecycleDeps, ref: TenantRef): Promise<Reference> {
  const tenant = await deps.registry.get(pooledQueries(deps.driver), ref);
  if (tenant === undefined) throw notFound(ref);
  return await referenceOf(deps, tenant);
}

/** That tenants differ is what a comparison is for; that some could not be read is a failure. */
function failureOf({ failed }: DiffResult): AggregateError {
  return new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} tenants could not be read.`,
  );
}
