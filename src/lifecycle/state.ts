import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { globalWrites, type LifecycleDeps } from "./deps.ts";
import { changedMeanwhile, wrongState } from "./refs.ts";
import { withTenantLock } from "./tenant-lock.ts";

interface Transition {
  readonly from: readonly TenantState[];
  readonly to: TenantState;
  readonly done: string;
}

const SUSPEND: Transition = { done: "suspended", from: ["active"], to: "suspended" };
const RESUME: Transition = { done: "resumed", from: ["suspended", "maintenance"], to: "active" };
const MAINTAIN: Transition = { done: "put into maintenance", from: ["active"], to: "maintenance" };

/** Stops serving a tenant: `active` → `suspended`. @throws TenancyError `INVALID_STATE` */
export function suspendTenant(deps: LifecycleDeps, ref: TenantRef): Promise<Tenant> {
  return change(deps, ref, SUSPEND);
}

/** Serves a tenant again: `suspended`, `maintenance` → `active`. @throws `INVALID_STATE` */
export function resumeTenant(deps: LifecycleDeps, ref: TenantRef): Promise<Tenant> {
  return change(deps, ref, RESUME);
}

/** Puts off a tenant's requests: `active` → `maintenance`. @throws `INVALID_STATE` */
export function startMaintenance(deps: LifecycleDeps, ref: TenantRef): Promise<Tenant> {
  return change(deps, ref, MAINTAIN);
}

function change(
  deps: LifecycleDeps,
  ref: TenantRef,
  { done, from, to }: Transition,
): Promise<Tenant> {
  const { registry } = deps;
  return withTenantLock(deps, ref, async (session, tenant) => {
    if (tenant.state === to) return tenant;
    if (!from.includes(tenant.state)) throw wrongState(tenant, done);
    const changed = await globalWrites(session, (tx) =>
      registry.update(tx, tenant.id, { state: to }, [tenant.state]),
    );
    if (changed === undefined) throw changedMeanwhile(tenant);
    registry.forget(changed);
    return changed;
  });
}
