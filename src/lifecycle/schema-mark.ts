import type { Queryable } from "../core/driver.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "./deps.ts";

/** What the server knows of a schema. */
export interface FoundSchema {
  /** Whether there is one of that name. */
  readonly exists: boolean;
  /** Id of the tenant that it was made for, if it says so. */
  readonly tenantId: string | null;
}

/** Looks for a schema, whoever may see it. */
export async function findSchema(
  { driver }: Pick<LifecycleDeps, "driver">,
  on: Queryable,
  schemaName: string,
): Promise<FoundSchema> {
  const { params, text } = driver.dialect.schema.exists(schemaName);
  const { rows } = await on.query<{ exists: boolean; tenant_id: string | null }>(text, params);
  return { exists: rows[0]?.exists === true, tenantId: rows[0]?.tenant_id ?? null };
}

/** Returns the error for a schema's name that is not free. */
export function schemaTaken(
  tenant: { readonly slug: string; readonly schemaName: string },
  cause?: unknown,
): TenancyError {
  return new TenancyError(
    "SCHEMA_EXISTS",
    `There already is a schema "${tenant.schemaName}", which does not belong to the tenant "${tenant.slug}".`,
    { cause, tenant: tenant.slug },
  );
}
