import type { Queryable, Session } from "../core/driver.ts";
import { parseSchemaName, parseSlug, type Slug, toSchemaName } from "../core/names.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { RenameOptions } from "../core/tenancy.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { beginMove, checkNewName, finishMove } from "./move-schema.ts";
import { findMovingTenant, waitUntilFree } from "./move-schema-journal.ts";
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

/** How far {@link renameTenant} is after its first part. */
interface Begun {
  readonly tenant: Tenant;
  /** Whether its schema is still to be moved, under the lock of its new slug. */
  readonly isMoving: boolean;
}

/**
 * Changes a tenant's slug, its schema's name, or both: in one transaction, or, where the engine cannot
 * rename a schema, as `beginMove` describes. A rename that was interrupted is finished first.
 *
 * @returns the tenant as it is now
 * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_EXISTS`, `SCHEMA_EXISTS`, `SCHEMA_NOT_FOUND`,
 *   `SCHEMA_NOT_MOVABLE`, `TENANT_BUSY`, `INVALID_STATE`, `INVALID_SCHEMA_NAME`
 */
export async function renameTenant(
  deps: LifecycleDeps,
  ref: TenantRef,
  plan: RenamePlan,
): Promise<Tenant> {
  const { isMoving, tenant } = await begin(deps, ref, plan);
  return isMoving ? await complete(deps, tenant) : tenant;
}

/** An interrupted rename has given the tenant its new slug; the one who repeats it may say the old one. */
async function begin(deps: LifecycleDeps, ref: TenantRef, plan: RenamePlan): Promise<Begun> {
  const run = (at: TenantRef): Promise<Begun> =>
    withTenantLock(deps, at, (session, tenant) => beginLocked(deps, session, tenant, plan));
  try {
    return await run(ref);
  } catch (error) {
    if (typeof ref !== "string" || !isTenancyError(error, "TENANT_NOT_FOUND")) throw error;
    const id = await findMovingTenant(deps, ref);
    if (id === undefined) throw error;
    return await run({ id });
  }
}

async function beginLocked(
  deps: LifecycleDeps,
  session: Session,
  found: Tenant,
  plan: RenamePlan,
): Promise<Begun> {
  const tenant = found.state === "renaming" ? await finishMove(deps, session, found) : found;
  if (!RENAMABLE.includes(tenant.state)) throw wrongState(tenant, "renamed");
  const { rules } = deps.settings;
  const slug = plan.slug ?? tenant.slug;
  const schemaName =
    plan.schemaName === true
      ? toSchemaName(parseSlug(slug, rules), rules)
      : (plan.schemaName ?? tenant.schemaName);
  if (slug === tenant.slug && schemaName === tenant.schemaName) return { isMoving: false, tenant };
  const isMoving =
    schemaName !== tenant.schemaName && deps.driver.dialect.schema.rename === undefined;
  if (schemaName !== tenant.schemaName) {
    await checkOwnSchema(deps, session, tenant);
    await checkReservedNames(deps, session, schemaName);
  }
  if (isMoving) {
    await checkNewName(deps, session, tenant, schemaName);
    await checkSchemas(deps, globalQueries(session), tenant, schemaName);
    await waitUntilFree(deps, session, schemaName, tenant.id);
  }
  const to = { schemaName, slug };
  try {
    const renamed = isMoving
      ? await beginMove(deps, session, tenant, to)
      : await write(deps, session, tenant, to);
    deps.registry.forget(renamed);
    return { isMoving, tenant: renamed };
  } finally {
    deps.registry.forget(tenant);
  }
}

/** Whoever takes the lock first moves the schema; it may have been somebody else. */
async function complete(deps: LifecycleDeps, renaming: Tenant): Promise<Tenant> {
  return await withTenantLock(deps, renaming, async (session, tenant) => {
    if (tenant.state === "renaming") return await finishMove(deps, session, tenant);
    if (tenant.schemaName === renaming.schemaName && tenant.slug === renaming.slug) return tenant;
    throw new TenancyError(
      "TENANT_BUSY",
      `Another operation on the tenant "${tenant.slug}" has taken its rename back.`,
      { tenant: tenant.slug },
    );
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
        // Without it, what the schema holds is moved instead.
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
