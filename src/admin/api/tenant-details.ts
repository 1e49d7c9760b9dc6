import type { Domain } from "../../core/domains.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant, TenantState } from "../../core/tenant.ts";
import type { Permission, TenantAction, TenantDetails } from "../contract.ts";
import { hostsOf } from "./hosts.ts";
import { explain } from "./problem.ts";
import { isAllowed } from "./route.ts";
import { ACTIONS } from "./schemas/tenants.ts";
import { toDomainView, toExtra, toSummary } from "./views.ts";

/** What each action needs: a permission, and one of these states. */
const NEEDS: Readonly<
  Record<
    TenantAction,
    { readonly permission: Permission; readonly states: readonly TenantState[] | "any" }
  >
> = {
  drop: { permission: "destroy", states: "any" },
  maintenance: { permission: "operate", states: ["active"] },
  migrate: { permission: "operate", states: ["active", "suspended", "maintenance"] },
  rename: { permission: "operate", states: ["active", "suspended", "maintenance", "renaming"] },
  resume: { permission: "operate", states: ["suspended", "maintenance"] },
  rollback: { permission: "destroy", states: ["active", "suspended", "maintenance"] },
  seed: { permission: "operate", states: ["active", "suspended", "maintenance"] },
  suspend: { permission: "operate", states: ["active"] },
};

/** Returns the permission that an action needs. */
export function permissionFor(action: TenantAction): Permission {
  return NEEDS[action].permission;
}

/** Reads all that the page of a tenant shows at once. */
export async function readDetails(
  tenancy: Tenancy,
  tenant: Tenant,
  may: Permission,
): Promise<TenantDetails> {
  const [domains, health] = await Promise.all([
    tenancy.listDomains(tenant),
    readHealth(tenancy, tenant),
  ]);
  return {
    ...toSummary(tenant),
    ...health,
    actions: actionsFor(tenancy, tenant, may),
    domainList: domains.map((domain: Domain) => toDomainView(domain)),
    extra: toExtra(tenant.extra),
    hosts: hostsOf(tenancy, tenant),
    id: tenant.id,
  };
}

/** A schema that cannot be looked at is no reason to show nothing. */
async function readHealth(
  tenancy: Tenancy,
  tenant: Tenant,
): Promise<Pick<TenantDetails, "health" | "healthError">> {
  try {
    const { healthy, pending, schemaExists, tableCount } = await tenancy.healthCheck(tenant);
    return { health: { healthy, pending, schemaExists, tableCount }, healthError: null };
  } catch (error) {
    return { health: null, healthError: explain(error).message };
  }
}

function actionsFor(
  { about }: Pick<Tenancy, "about">,
  { state }: Tenant,
  may: Permission,
): readonly TenantAction[] {
  return ACTIONS.filter((action) => {
    if (action === "seed" && !about.hasSeed) return false;
    const { permission, states } = NEEDS[action];
    return isAllowed(may, permission) && (states === "any" || states.includes(state));
  });
}
