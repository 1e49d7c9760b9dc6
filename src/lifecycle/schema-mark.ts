import type { Queryable } from "../core/driver.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "./deps.ts";

/** What the server knows of a schema. */
export interface FoundSchema {
  /** Whether there is one of that name. */
  readonly exists: boolean;
  /** Id of the tenant that it was made for, if it says so. */
  readonly tenantId: string | null;
  /** Whether it has neither a mark nor anything else in it. */
  readonly isBlank: boolean;
}

/** Returns what stands for a tenant's id in the mark of a schema that waits for one. */
export function readyMark(schemaName: string): string {
  return `ready ${schemaName}`;
}

/** Looks for a schema, whoever may see it. */
export async function findSchema(
  { driver }: Pick<LifecycleDeps, "driver">,
  on: Queryable,
  schemaName: string,
): Promise<FoundSchema> {
  const { params, text } = driver.dialect.schema.exists(schemaName);
  // Some engines have no booleans of their own.
  const { rows } = await on.query<{ exists: unknown; is_blank: unknown; tenant_id: string | null }>(
    text,
    params,
  );
  const [row] = rows;
  return {
    exists: Boolean(row?.exists),
    isBlank: Boolean(row?.is_blank),
    tenantId: row?.tenant_id ?? null,
  };
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
