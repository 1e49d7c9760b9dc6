import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { UpdateOptions } from "../core/tenancy.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { checkExtra } from "./create-plan.ts";
import type { LifecycleDeps } from "./deps.ts";
import { labelOf, notFound } from "./refs.ts";

/** Checks a call of `update` before any I/O. @throws TenancyError `INVALID_QUERY` */
export function checkUpdate(settings: Settings, ref: TenantRef, changes: UpdateOptions): void {
  const { extra, name } = changes;
  if (name !== undefined && name !== null && typeof name !== "string") {
    throw new TenancyError("INVALID_QUERY", "The option `name` is not text.", {
      tenant: labelOf(ref),
    });
  }
  if (extra !== undefined) checkExtra(settings, labelOf(ref), extra);
}

/** Changes a tenant's name or extra columns: one transaction, which needs no other lock than the row's. */
export async function updateTenant(
  { driver, registry }: LifecycleDeps,
  ref: TenantRef,
  { extra, name }: UpdateOptions,
): Promise<Tenant> {
  const updated = await driver.transaction(GLOBAL_SCOPE, async (tx) => {
    const tenant = await registry.get(tx, ref, { lock: true });
    if (tenant === undefined) throw notFound(ref);
    return await registry.update(tx, tenant.id, {
      ...(extra !== undefined && { extra }),
      ...(name !== undefined && { name }),
    });
  });
  if (updated === undefined) throw notFound(ref);
  registry.forget(updated);
  return updated;
}
