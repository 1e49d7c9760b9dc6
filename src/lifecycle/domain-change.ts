import type { Statement } from "../core/dialect.ts";
import type { Queryable, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { createRunStatement } from "../registry/registry-table.ts";
import type { LifecycleDeps } from "./deps.ts";
import { notFound } from "./refs.ts";

/** How often a write is tried that others' writes of the same domain stand against. */
const ATTEMPTS = 5;

/**
 * Changes a tenant's domains in a transaction, and returns the tenant as it was before. The row's lock keeps
 * two changes of one tenant's domains apart, and a drop behind them.
 */
export async function changeDomains(
  deps: LifecycleDeps,
  ref: TenantRef,
  change: (tx: Transaction, tenant: Tenant) => Promise<unknown>,
): Promise<Tenant> {
  const { driver, registry } = deps;
  const changed = await retrying(deps, () =>
    driver.transaction(GLOBAL_SCOPE, async (tx) => {
      const tenant = await registry.get(tx, ref, { lock: true });
      if (tenant === undefined) throw notFound(ref);
      await change(tx, tenant);
      return tenant;
    }),
  );
  registry.forget(changed);
  return changed;
}

/** Tenants that want the same domain wait for each other, and a server may end one of them. */
export async function retrying<T>({ driver }: LifecycleDeps, fn: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn();
    } catch (error) {
      if (attempt < ATTEMPTS && driver.dialect.schema.isLockConflict(error)) continue;
      throw error;
    }
  }
}

/** Runs a statement on the registry's tables; errors say what they mean for the registry. */
export async function run<Row = unknown>(
  { driver, settings }: LifecycleDeps,
  on: Queryable,
  statement: Statement,
): Promise<Row[]> {
  return await createRunStatement(driver.dialect.registry, settings.registry)<Row>(on, statement);
}
