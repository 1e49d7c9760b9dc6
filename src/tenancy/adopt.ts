import type { Tenancy } from "../core/tenancy.ts";
import { adoptSchema } from "../lifecycle/adopt.ts";
import { planAdopt } from "../lifecycle/adopt-plan.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { detailsOfAdopt } from "./audit-details.ts";
import { learn } from "./lifecycle.ts";
import type { Operations } from "./operations.ts";

/** Creates the part of a tenancy that makes tenants of schemas that are there. */
export function createAdopt(deps: LifecycleDeps, operations: Operations): Pick<Tenancy, "adopt"> {
  return {
    adopt: async (options) => {
      const plan = planAdopt(deps.settings, options);
      const { schemaName, slug } = plan.tenant;
      // What changes nothing is no operation.
      if (plan.isDryRun) return await operations.track(() => adoptSchema(deps, plan));
      return await operations.run(
        "tenant.adopt",
        { schemaName, tenant: slug },
        async (event) => {
          const result = await adoptSchema(deps, plan);
          if (result.tenant !== null) learn(event, result.tenant);
          return result;
        },
        { details: detailsOfAdopt(options), ref: slug },
      );
    },
  };
}
