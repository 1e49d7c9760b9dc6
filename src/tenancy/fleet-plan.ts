import type { FleetResult } from "../core/fleet.ts";
import type { MigrationResult } from "../core/migrator.ts";
import type { Tenant } from "../core/tenant.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { PARTIAL_DIGEST } from "../migrate/digest.ts";
import type { FleetQueue, FleetWork } from "./fleet-run.ts";

/**
 * Returns the worker of a dry run: tenants with the same fingerprint have the same history, so what
 * would be done is found out for one of them, and holds for all.
 */
export function planningWorker(work: FleetWork["work"]): FleetWork["worker"] {
  const plans = new Map<string, Promise<MigrationResult | undefined>>();

  async function planOf(tenant: Tenant): Promise<MigrationResult | undefined> {
    const { migrationsDigest: digest, schemaName, slug } = tenant;
    if (digest === null || digest === PARTIAL_DIGEST) return await work(tenant);
    const known = plans.get(digest);
    if (known === undefined) {
      const plan = work(tenant);
      plans.set(digest, plan);
      return await plan;
    }
    // What stands against it in the first one need not in this one.
    const plan = await known.catch(() => undefined);
    if (plan === undefined) return await work(tenant);
    return { ...plan, durationMs: 0, schemaName, tenant: slug };
  }

  return async (queue: FleetQueue) => {
    for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
      const tenant = next;
      await queue.settle(tenant, () => planOf(tenant));
    }
  };
}

/** Adds to the result of a dry run the migrations that it speaks of. */
export async function withPending(
  { migrator }: LifecycleDeps,
  result: FleetResult,
): Promise<FleetResult> {
  const versions = new Set(result.results.flatMap((item) => (item.ok ? item.versions : [])));
  const migrations = await migrator.list("tenant");
  return { ...result, pending: migrations.filter(({ version }) => versions.has(version)) };
}
