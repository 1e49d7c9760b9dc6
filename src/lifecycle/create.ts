import type { Session } from "../core/driver.ts";
import type { NewTenant } from "../core/registry.ts";
import { GLOBAL_SCOPE, scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { claimReady } from "./claim-ready.ts";
import type { CreatePlan } from "./create-plan.ts";
import { type Attempt, undoAfterwards, undoAtOnce } from "./create-undo.ts";
import { globalQueries, globalWrites, type LifecycleDeps } from "./deps.ts";
import { runHook } from "./hook.ts";
import { waitUntilFree } from "./move-schema-journal.ts";
import { migrateNewSchema } from "./migrate-new.ts";
import { changedMeanwhile, wrongState } from "./refs.ts";
import { checkReservedNames } from "./reserved-names.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";
import { takeUp } from "./take-up.ts";
import { withSlugLock } from "./tenant-lock.ts";

/**
 * Makes a tenant, all or nothing.
 *
 * Row in state `provisioning` → schema with all migrations that a transaction can hold, in one →
 * the other migrations → seed → hooks → `active`. Each arrow is a commit, so that a stop anywhere leaves a
 * row that says what there is; a failure undoes what this call made, and nothing else.
 *
 * @throws TenancyError see `Tenancy.create`
 */
export async function createTenant(deps: LifecycleDeps, plan: CreatePlan): Promise<Tenant> {
  const { slug } = plan.tenant;
  plan.tell("lock");
  const attempt: Attempt = { isForeign: false, made: undefined, row: "unsure" };
  try {
    const tenant = await withSlugLock(deps, slug, async (session) => {
      try {
        return await makeOrKeep(deps, session, plan, attempt);
      } catch (error) {
        await undoAtOnce(deps, session, attempt);
        throw error;
      }
    });
    plan.tell("done");
    return tenant;
  } catch (error) {
    await undoAfterwards(deps, slug, attempt, error);
    throw error;
  } finally {
    deps.registry.forget(plan.tenant);
  }
}

async function makeOrKeep(
  deps: LifecycleDeps,
  session: Session,
  plan: CreatePlan,
  attempt: Attempt,
): Promise<Tenant> {
  const { registry } = deps;
  const found = await registry.get(globalQueries(session), plan.tenant.slug);
  if (found !== undefined && found.state !== "provisioning" && found.state !== "failed") {
    return keep(found, plan);
  }
  const code = plan.options.schemaName === undefined ? "INVALID_TENANT_ID" : "INVALID_SCHEMA_NAME";
  await checkReservedNames(deps, session, plan.tenant.schemaName, code);
  await announce(deps, plan.tenant);
  plan.tell("row");
  if (found === undefined) {
    const claimed = await claim(deps, session, plan, attempt);
    if (claimed !== undefined) return claimed;
    await checkFree(deps, session, plan.tenant);
    // When the connection breaks at the commit, nobody knows whether the row is there.
    attempt.made = plan.tenant.slug;
    const tenant = await globalWrites(session, (tx) => registry.insert(tx, plan.tenant));
    attempt.row = registry.wasAdopted(tenant) ? "adopted" : "own";
    return await build(deps, session, plan, tenant, attempt);
  }
  const hasOtherName = plan.tenant.schemaName !== found.schemaName;
  if (hasOtherName) await checkFree(deps, session, plan.tenant);
  // It was left by a process that held this lock, and does not any more.
  const tenant = await takeUp(deps, session, found, plan.tenant);
  attempt.made = { id: tenant.id };
  return await build(deps, session, plan, tenant, attempt);
}

/** Makes the tenant from a ready-made schema, if there is one. */
async function claim(
  deps: LifecycleDeps,
  session: Session,
  plan: CreatePlan,
  attempt: Attempt,
): Promise<Tenant | undefined> {
  const tenant = await claimReady(deps, session, plan, {
    isLast: !hasMoreToDo(deps, plan),
    onBegin: () => {
      attempt.made = plan.tenant.slug;
    },
    onRow: (made) => {
      plan.tell("schema");
      attempt.row = deps.registry.wasAdopted(made) ? "adopted" : "own";
    },
  });
  if (tenant === undefined) {
    // A claim that gave way has left nothing.
    attempt.made = undefined;
    attempt.row = "unsure";
    return undefined;
  }
  attempt.made = { id: tenant.id };
  if (tenant.state === "active") return tenant;
  await runAfterCreate(deps, session, plan, tenant);
  return await activate(deps, session, tenant);
}

/**
 * Where making and marking a schema are two commits, one without a mark can only be told from another
 * program's if it was not there when the row was made.
 */
// ISOLATION: without it, another program's empty database is taken for ours. integration/lifecycle/create-failure.test.ts
async function checkFree(deps: LifecycleDeps, session: Session, tenant: NewTenant): Promise<void> {
  if (deps.driver.dialect.hasTransactionalDdl) return;
  const { exists } = await findSchema(deps, globalQueries(session), tenant.schemaName);
  if (exists) throw schemaTaken(tenant);
  await waitUntilFree(deps, session, tenant.schemaName);
}

function keep(found: Tenant, { options, tenant }: CreatePlan): Tenant {
  if (found.state === "dropping" || found.state === "renaming") {
    throw wrongState(found, "created before that has ended");
  }
  if (options.ifExists === "keep") return found;
  const as = found.slug === tenant.slug ? "" : `, as "${found.slug}"`;
  throw new TenancyError("TENANT_EXISTS", `There already is a tenant "${tenant.slug}"${as}.`, {
    tenant: tenant.slug,
  });
}

async function announce({ context, settings }: LifecycleDeps, tenant: NewTenant): Promise<void> {
  const { schemaName, slug } = tenant;
  const { hooks } = settings;
  await runHook(
    context,
    { name: "beforeCreate", scope: GLOBAL_SCOPE, tenant: slug },
    hooks.beforeCreate && (() => hooks.beforeCreate?.({ schemaName, slug })),
  );
}

async function build(
  deps: LifecycleDeps,
  session: Session,
  plan: CreatePlan,
  tenant: Tenant,
  attempt: Attempt,
): Promise<Tenant> {
  const { migrator } = deps;
  const isComplete = await makeSchema(deps, session, tenant, plan, attempt);
  if (!isComplete) await migrator.migrate(session, tenant);
  await runAfterCreate(deps, session, plan, tenant);
  return await activate(deps, session, tenant);
}

async function activate(
  { registry }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<Tenant> {
  const active = await globalWrites(session, (tx) =>
    registry.update(tx, tenant.id, { state: "active" }, ["provisioning"]),
  );
  if (active === undefined) throw changedMeanwhile(tenant);
  return active;
}

/** @returns whether no migration is left to do */
async function makeSchema(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  { options, tell }: CreatePlan,
  attempt: Attempt,
): Promise<boolean> {
  const { driver } = deps;
  tell("schema");
  const first = driver.dialect.schema.create(tenant.schemaName, tenant.id);
  try {
    if (options.migrate ?? true) {
      return await migrateNewSchema(deps, session, tenant, first, () => tell("migrations"));
    }
    await session.transaction(scopeOf(tenant), async () => undefined, { first });
    return true;
  } catch (error) {
    // ISOLATION: else what another program has just made, and is still empty, is taken for ours and
    // removed. integration/lifecycle/create-failure.test.ts
    attempt.isForeign = driver.dialect.schema.isTaken(error);
    if (attempt.isForeign) throw schemaTaken(tenant, error);
    // Ours was rolled back, or has its mark: another schema of that name is somebody else's.
    const other = await findSchema(deps, globalQueries(session), tenant.schemaName).catch(
      () => undefined,
    );
    if (other?.exists === true && other.tenantId !== tenant.id && !other.isBlank) {
      throw schemaTaken(tenant, error);
    }
    throw error;
  }
}

/** Whether a tenant that has its schema is still to be filled, or told of. */
function hasMoreToDo({ seeder, settings }: LifecycleDeps, { options }: CreatePlan): boolean {
  const { afterCreate, migrate = true, seed = migrate } = options;
  const hasHook = settings.hooks.afterCreate !== undefined || afterCreate !== undefined;
  return hasHook || (seed && seeder.isConfigured);
}

/** Fills the schema with the seed, and calls the hooks. */
async function runAfterCreate(
  deps: LifecycleDeps,
  session: Session,
  plan: CreatePlan,
  tenant: Tenant,
): Promise<void> {
  const { context, registry, seeder, settings } = deps;
  const { options } = plan;
  const { hooks } = settings;
  const { afterCreate, migrate = true, seed = migrate } = options;
  const isSeeded = seed && seeder.isConfigured;
  if (!hasMoreToDo(deps, plan)) return;
  const migrated = (await registry.get(globalQueries(session), { id: tenant.id })) ?? tenant;
  if (isSeeded) {
    plan.tell("seed");
    await seeder.run(session, migrated, await seeder.load());
  }
  if (hooks.afterCreate !== undefined || afterCreate !== undefined) plan.tell("hooks");
  const about = { name: "afterCreate", scope: scopeOf(migrated), tenant: tenant.slug };
  await runHook(context, about, hooks.afterCreate && (() => hooks.afterCreate?.(migrated)));
  await runHook(context, about, afterCreate && (() => afterCreate(migrated)));
}
