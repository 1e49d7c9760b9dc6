import type { Session } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { TenantHealth } from "../core/tenancy.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { labelOf, notFound } from "./refs.ts";
import { findSchema } from "./schema-mark.ts";

/**
 * Looks at a tenant's row, schema and migrations. Reads the system catalogs, which show a schema to
 * every role, and takes no lock.
 *
 * @throws TenancyError `TENANT_NOT_FOUND`, `HEALTH_CHECK_FAILED`
 */
export async function checkHealth(deps: LifecycleDeps, ref: TenantRef): Promise<TenantHealth> {
  try {
    return await deps.driver.session({}, (session) => look(deps, session, ref));
  } catch (cause) {
    if (isTenancyError(cause, "TENANT_NOT_FOUND")) throw cause;
    const tenant = labelOf(ref);
    throw new TenancyError(
      "HEALTH_CHECK_FAILED",
      `The health of the tenant "${tenant}" could not be checked.`,
      { cause, tenant },
    );
  }
}

async function look(deps: LifecycleDeps, session: Session, ref: TenantRef): Promise<TenantHealth> {
  const tenant = await deps.registry.get(globalQueries(session), ref);
  if (tenant === undefined) throw notFound(ref);
  const { exists } = await findSchema(deps, globalQueries(session), tenant.schemaName);
  const tableCount = exists ? await countTables(deps, session, tenant) : 0;
  const all = await deps.migrator.status(unscoped(session), tenant);
  // What contracts waits on purpose, and nothing that serves requests needs it.
  const migrations = all.filter(({ phase, state }) => state !== "pending" || phase !== "contract");
  // Who asks for such a tenant gets it migrated; a server that waited for that would never be ready.
  const mayBeLate = deps.settings.migrations.migrate === "on-request";
  const applied = migrations.filter(({ state }) => state !== "pending" && state !== "partial");
  return {
    healthy:
      exists &&
      tenant.state === "active" &&
      migrations.every(
        ({ state }) =>
          state === "applied" || state === "missing" || (mayBeLate && state === "pending"),
      ),
    pending: migrations
      .filter(({ state }) => state === "pending" || state === "partial")
      .map(({ version }) => version),
    schemaExists: exists,
    schemaName: tenant.schemaName,
    state: tenant.state,
    tableCount,
    tenant: tenant.slug,
    version: applied.at(-1)?.version ?? null,
  };
}

async function countTables(
  { driver, settings }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<number> {
  const { params, text } = driver.dialect.schema.countTables(
    tenant.schemaName,
    settings.migrations.table,
  );
  const { rows } = await session.query<{ table_count: number | string }>(
    GLOBAL_SCOPE,
    text,
    params,
  );
  // Counts are 64 bits wide on some engines, and then may come as text.
  return Number(rows[0]?.table_count ?? 0);
}

/** The history is read by its qualified name; a scope whose schema is missing cannot be entered. */
function unscoped(session: Session): Session {
  return {
    query: (_scope, text, params) => session.query(GLOBAL_SCOPE, text, params),
    queryOutsideTransaction: (scope, text) => session.queryOutsideTransaction(scope, text),
    script: session.script,
    transaction: (scope, fn, options) => session.transaction(scope, fn, options),
  };
}
