import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant } from "../../core/tenant.ts";
import type { Operation, TenantAction, TenantActionRequest } from "../contract.ts";
import type { OperationHandle } from "../operations.ts";
import { RequestError } from "./problem.ts";
import { type Call, defineRoute, requireConfirmation, type Route } from "./route.ts";
import { ref } from "./schema.ts";
import { ACTION_SCHEMAS, ACTIONS } from "./schemas/tenants.ts";
import { permissionFor } from "./tenant-details.ts";

/** Does one thing with a tenant, and says what was done. */
type Work = (
  tenancy: Tenancy,
  tenant: Tenant,
  request: TenantActionRequest,
  handle: OperationHandle,
) => Promise<string>;

/** How each action is done, and what it is for the OpenAPI document. */
const WORK: Readonly<Record<TenantAction, { readonly summary: string; readonly work: Work }>> = {
  drop: {
    summary: "Remove a tenant, its schema and all its data",
    work: async (tenancy, tenant) => {
      const wasThere = await tenancy.drop(byId(tenant), { ifMissing: "ignore" });
      return wasThere ? `${tenant.slug} and all its data are gone.` : `${tenant.slug} was gone.`;
    },
  },
  maintenance: {
    summary: "Answer a tenant's requests with 503",
    work: async (tenancy, tenant) => stateOf(await tenancy.startMaintenance(byId(tenant))),
  },
  migrate: {
    summary: "Apply a tenant's pending migrations",
    work: async (tenancy, tenant) => {
      const { versions } = await tenancy.migrate(byId(tenant));
      return versions.length === 0 ? "Nothing was pending." : `Applied ${versions.join(", ")}.`;
    },
  },
  rename: {
    summary: "Change a tenant's slug, and on request its schema's name",
    work: async (tenancy, tenant, { renameSchema = false, slug = tenant.slug }) => {
      const to = { slug, ...(renameSchema && { schemaName: true as const }) };
      const renamed = await tenancy.rename(byId(tenant), to);
      return `${tenant.slug} is now ${renamed.slug}, in the schema ${renamed.schemaName}.`;
    },
  },
  resume: {
    summary: "Serve a tenant again",
    work: async (tenancy, tenant) => stateOf(await tenancy.resume(byId(tenant))),
  },
  rollback: {
    summary: "Undo a tenant's newest migrations",
    work: async (tenancy, tenant, { steps = 1 }) => {
      const { versions } = await tenancy.rollback(byId(tenant), { steps });
      return versions.length === 0 ? "Nothing was applied." : `Undid ${versions.join(", ")}.`;
    },
  },
  seed: {
    summary: "Fill a tenant with the configured seed",
    work: async (tenancy, tenant) => {
      await tenancy.seed(byId(tenant));
      return `${tenant.slug} is filled with the seed.`;
    },
  },
  suspend: {
    summary: "Stop serving a tenant; its data stay",
    work: async (tenancy, tenant) => stateOf(await tenancy.suspend(byId(tenant))),
  },
};

/** Routes that do something with one tenant. */
export const ACTION_ROUTES: readonly Route[] = ACTIONS.map((action) =>
  defineRoute<Operation, TenantActionRequest>({
    answer: ref("Operation"),
    body: ACTION_SCHEMAS[action],
    handle: (call) => act(action, call),
    method: "POST",
    path: `tenants/{slug}/${action}`,
    permission: permissionFor(action),
    status: 202,
    summary: WORK[action].summary,
  }),
);

async function act(
  action: TenantAction,
  { body, console: { operations, tenancy }, params, person }: Call<TenantActionRequest>,
): Promise<Operation> {
  const tenant = await tenancy.get(params["slug"] ?? "");
  const isDestructive = action === "drop" || action === "rollback";
  // What is dropped is the tenant of this slug, and no other that is named beside it.
  if (isDestructive) requireConfirmation(body.confirm, tenant.slug);
  if (action === "seed" && !tenancy.about.hasSeed) {
    throw new RequestError("INVALID_REQUEST", "The configuration has no seed.");
  }
  return await operations.begin(
    { action: `tenant.${action}`, person, tenant: tenant.slug },
    (handle) => WORK[action].work(tenancy, tenant, body, handle),
  );
}

/** The tenant that was confirmed, also if another one gets its slug in this moment. */
function byId({ id }: Tenant): { readonly id: string } {
  return { id };
}

function stateOf({ slug, state }: Tenant): string {
  return `${slug} is now in state ${state}.`;
}
