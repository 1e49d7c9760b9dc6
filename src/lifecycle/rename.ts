import type { Queryable, Session } from "../core/driver.ts";
import { parseSchemaName, parseSlug, type Slug, toSchemaName } from "../core/names.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { RenameOptions } from "../core/tenancy.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { changedMeanwhile, wrongState } from "./refs.ts";
import { checkOwnSchema, checkReservedNames } from "./reserved-names.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";
import { withTenantLock } from "./tenant-lock.ts";

const RENAMABLE: readonly TenantState[] = ["active", "suspended", "maintenance", "archived"];

/** A checked call of `rename`. */
export interface RenamePlan {
  /** New slug, if it is to change. */
  readonly slug: Slug | undefined;
  /** New schema name; `true` for that of the slug. */
  readonly schemaName: string | true | undefined;
}

/**
 * Checks a call of `rename` before any I/O.
 *
 * @throws TenancyError `INVALID_TENANT_ID`, `INVALID_SCHEMA_NAME`, `INVALID_QUERY`
 */
export function planRename({ rules }: Settings, to: RenameOptions): RenamePlan {
  const { schemaName, slug } = to;
  if (schemaName === undefined && slug === undefined) {
    throw new TenancyError("INVALID_QUERY", "`rename` was given neither a slug nor a schema name.");
  }
  return {
    schemaName:
      schemaName === undefined || schemaName === true
        ? schemaName
        : parseSchemaName(schemaName, rules),
    slug: slug === undefined ? undefined : parseSlug(slug, rules),
  };
}

/**
 * Changes a tenant's slug, its schema's name, or both, in one transaction.
 *
 * @returns the tenant as it was, and as it is now
 * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_EXISTS`, `SCHEMA_EXISTS`, `SCHEMA_NOT_FOUND`,
 *   `INVALID_STATE`, `INVALID_SCHEMA_NAME`
 */
export async function renameTenant(
  deps: LifecycleDeps,
  ref: TenantRef,
  plan: RenamePlan,
): Promise<Tenant> {
  return await withTenantLock(deps, ref, async (session, tenant) => {
    if (!RENAMABLE.includes(tenant.state)) throw wrongState(tenant, "renamed");
    const { rules } = deps.settings;
    const slug = plan.slug ?? tenant.slug;
    const schemaName =
      plan.schemaName === true
        ? toSchemaName(parseSlug(slug, rules), rules)
        : (plan.schemaName ?? tenant.schemaName);
    if (slug === tenant.slug && schemaName === tenant.schemaName) return tenant;
    if (schemaName !== tenant.schemaName) {
      await checkOwnSchema(deps, session, tenant);
      await checkReservedNames(deps, session, schemaName);
    }
    const renamed = await write(deps, session, tenant, { schemaName, slug });
    deps.registry.forget(tenant);
    deps.registry.forget(renamed);
    return renamed;
  });
}

async function write(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  to: { readonly schemaName: string; readonly slug: string },
): Promise<Tenant> {
  const { driver, registry } = deps;
  const isMoved = to.schemaName !== tenant.schemaName;
  try {
    return await session.transaction(GLOBAL_SCOPE, async (tx) => {
      const renamed = await registry.update(tx, tenant.id, to, [tenant.state]);
      if (renamed === undefined) throw changedMeanwhile(tenant);
      if (isMoved) {
        await checkSchemas(deps, tx, tenant, to.schemaName);
        const { rename } = driver.dialect.schema;
        // TODO(move): engines without it move what the schema holds.
        if (rename !== undefined) await tx.script(rename(tenant.schemaName, to.schemaName));
      }
      return renamed;
    });
  } catch (error) {
    // Other programs make and remove schemas without asking us, also between two statements.
    if (isMoved && !isTenancyError(error)) {
      await checkSchemas(deps, globalQueries(session), tenant, to.schemaName, error);
    }
    throw error;
  }
}

async function checkSchemas(
  deps: LifecycleDeps,
  on: Queryable,
  tenant: Tenant,
  to: string,
  cause?: unknown,
): Promise<void> {
  if ((await findSchema(deps, on, to)).exists) {
    throw schemaTaken({ schemaName: to, slug: tenant.slug }, cause);
  }
  if (!(await findSchema(deps, on, tenant.schemaName)).exists) {
    throw new TenancyError(
      "SCHEMA_NOT_FOUND",
      `The schema "${tenant.schemaName}" of the tenant "${tenant.slug}" does not exist.`,
      { cause, tenant: tenant.slug },
    );
  }
}
