import type { Session, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE, scopeOf } from "../core/scope.ts";
import type { DropOptions } from "../core/tenancy.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalWrites, type LifecycleDeps } from "./deps.ts";
import { runHook } from "./hook.ts";
import { abandonMove } from "./move-schema.ts";
import { changedMeanwhile } from "./refs.ts";
import { removeSchema } from "./remove-schema.ts";
import { checkOwnSchema } from "./reserved-names.ts";
import { withTenantLock } from "./tenant-lock.ts";

/**
 * Removes a tenant: `dropping` (from here on nobody finds it), the schema, and last the row.
 *
 * When that fails before anything of the schema is gone, for example because it is in use, the tenant
 * gets back the state that it had. A stop anywhere else leaves it `dropping`, and the next `drop`
 * goes on.
 *
 * @returns the tenant that is gone, or `undefined` if there was none and that may be
 * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_BUSY`, `HOOK_FAILED`
 */
export async function dropTenant(
  deps: LifecycleDeps,
  ref: TenantRef,
  options: DropOptions = {},
): Promise<Tenant | undefined> {
  let dropped: Tenant;
  try {
    dropped = await withTenantLock(deps, ref, (session, tenant) =>
      dropLocked(deps, session, tenant),
    );
  } catch (error) {
    if (options.ifMissing === "ignore" && isTenancyError(error, "TENANT_NOT_FOUND")) {
      return undefined;
    }
    throw error;
  }
  const { hooks } = deps.settings;
  await runHook(
    deps.context,
    { name: "afterDrop", scope: GLOBAL_SCOPE, tenant: dropped.slug },
    hooks.afterDrop && (() => hooks.afterDrop?.(dropped)),
  );
  return dropped;
}

async function dropLocked(deps: LifecycleDeps, session: Session, tenant: Tenant): Promise<Tenant> {
  const { registry } = deps;
  await checkOwnSchema(deps, session, tenant);
  const dropping = await markDropping(deps, session, tenant);
  // A move that was begun has no way back to what it was before.
  let hasCommitted = tenant.state === "dropping" || tenant.state === "renaming";
  try {
    const abandoned = await abandonMove(deps, session, dropping);
    const atLast = async (tx: Transaction): Promise<void> => {
      await registry.remove(tx, tenant.id);
      await abandoned.forget(tx);
    };
    const onCommitted = (): void => {
      hasCommitted = true;
    };
    if (abandoned.isSchemaOurs) {
      const removal = { atLast, onCommitted, tenant: tenant.slug };
      await removeSchema(deps, session, tenant.schemaName, removal);
    } else await globalWrites(session, atLast);
  } catch (error) {
    if (hasCommitted) throw error;
    await takeBack(deps, session, tenant, error);
    throw error;
  } finally {
    registry.forget(dropping);
  }
  return dropping;
}

async function markDropping(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<Tenant> {
  if (tenant.state === "dropping") return tenant;
  const { context, registry, settings } = deps;
  const { hooks } = settings;
  await runHook(
    context,
    { name: "beforeDrop", scope: scopeOf(tenant), tenant: tenant.slug },
    hooks.beforeDrop && (() => hooks.beforeDrop?.(tenant)),
  );
  const dropping = await globalWrites(session, (tx) =>
    registry.update(tx, tenant.id, { state: "dropping" }, [tenant.state]),
  );
  if (dropping === undefined) throw changedMeanwhile(tenant);
  registry.forget(dropping);
  return dropping;
}

/** Nothing of the schema is gone, so the tenant can live on as it was. */
async function takeBack(
  { registry }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  error: unknown,
): Promise<void> {
  try {
    await globalWrites(session, (tx) =>
      registry.update(tx, tenant.id, { state: tenant.state }, ["dropping"]),
    );
  } catch (second) {
    throw new TenancyError(
      isTenancyError(error) ? error.code : "INVALID_STATE",
      `The tenant "${tenant.slug}" could not be dropped, and could not be given back its state.`,
      {
        cause: new AggregateError([error, second]),
        remedy: "Repeat `drop` when the database can be reached; see both causes.",
        tenant: tenant.slug,
      },
    );
  }
}
