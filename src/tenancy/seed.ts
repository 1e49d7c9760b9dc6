import type { SeedOptions } from "../core/seed.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { labelOf, parseRef, wrongState } from "../lifecycle/refs.ts";
import { withTenantLock } from "../lifecycle/tenant-lock.ts";
import { aboutRef, learn } from "./lifecycle.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that seeds one tenant. */
export type Seeding = Pick<Tenancy, "seed">;

/** States in which a tenant has a schema that is nobody's work in progress. */
const SEEDABLE: readonly TenantState[] = ["active", "suspended", "maintenance", "archived"];

/** Creates the seeding part of a tenancy. */
export function createSeeding(deps: LifecycleDeps, operations: Operations): Seeding {
  const { seeder, settings } = deps;
  return {
    seed: async (ref, { file }: SeedOptions = {}) => {
      const parsed = parseRef(ref, settings.rules);
      if (file !== undefined && (typeof file !== "string" || file === "")) {
        throw new TenancyError("INVALID_QUERY", "The option `file` is not the path of a file.", {
          tenant: labelOf(parsed),
        });
      }
      return await operations.run(
        "tenant.seed",
        aboutRef(parsed),
        async (event) => {
          // Before the lock: what is wrong with the file is so for every tenant.
          const seed = await seeder.load(file);
          return await withTenantLock(deps, parsed, async (session, tenant) => {
            learn(event, tenant);
            if (!SEEDABLE.includes(tenant.state)) throw wrongState(tenant, "seeded");
            return await seeder.run(session, tenant, seed);
          });
        },
        { details: { file }, ref: parsed },
      );
    },
  };
}
