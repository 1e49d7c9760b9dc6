import type { Session } from "../core/driver.ts";
import { parseSchemaName } from "../core/names.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { Tenant } from "../core/tenant.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";

interface CurrentNames {
  readonly role: string;
  readonly database: string;
}

const known = new WeakMap<object, CurrentNames>();

/**
 * Refuses a schema name that the server's own defaults would enter: a schema that is called like
 * the role comes first in the default search path of every connection of that role.
 *
 * One query for each driver, then none.
 *
 * @param code - says which of the two names the caller chose
 * @throws TenancyError `INVALID_SCHEMA_NAME`, or `code`
 * @see https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH (`"$user"`)
 */
export async function checkReservedNames(
  { driver }: LifecycleDeps,
  session: Session,
  schemaName: string,
  code: "INVALID_SCHEMA_NAME" | "INVALID_TENANT_ID" = "INVALID_SCHEMA_NAME",
): Promise<void> {
  let names = known.get(driver);
  if (names === undefined) {
    const { params, text } = driver.dialect.schema.currentNames();
    names = (await session.query<CurrentNames>(GLOBAL_SCOPE, text, params)).rows[0];
    if (names === undefined) return;
    known.set(driver, names);
  }
  const owner = [
    [names.role, "database role"],
    [names.database, "database"],
  ].find(([name]) => name === schemaName);
  if (owner === undefined) return;
  throw new TenancyError(
    code,
    `The schema name "${schemaName}" is reserved: it is the name of the ${owner[1]}.`,
    { remedy: "Choose another slug or schema name, or use a `tenantPrefix`." },
  );
}

/**
 * Refuses to remove or rename a schema that cannot be this tenant's, whatever the registry's row says:
 * a table of the application's own can be edited by hand.
 *
 * @throws TenancyError `INVALID_SCHEMA_NAME`, `SCHEMA_EXISTS`
 */
// ISOLATION: a row that names another's schema would drop that one's tables. integration/lifecycle/drop.test.ts
export async function checkOwnSchema(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<void> {
  const { registry, settings } = deps;
  parseSchemaName(tenant.schemaName, settings.rules);
  await checkReservedNames(deps, session, tenant.schemaName);
  const on = globalQueries(session);
  const { tenantId } = await findSchema(deps, on, tenant.schemaName);
  if (tenantId === null || tenantId === tenant.id) return;
  // The mark of a tenant that is gone says nothing: the schema may have been copied or restored.
  if ((await registry.get(on, { id: tenantId })) !== undefined) throw schemaTaken(tenant);
}
