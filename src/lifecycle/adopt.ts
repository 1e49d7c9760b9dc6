import type { AdoptResult } from "../core/adopt.ts";
import type { Queryable, Session, Transaction } from "../core/driver.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { REGISTRY_VERSION } from "../registry/registry-migration.ts";
import { Patience } from "../migrate/patience.ts";
import { type AdoptContents, nameOf, sortContents } from "./adopt-contents.ts";
import { type AdoptHistory, readHistory, toolTables } from "./adopt-history.ts";
import type { AdoptPlan } from "./adopt-plan.ts";
import { adoptStepwise, isAdopting, movedBefore } from "./adopt-stepwise.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { withPatience } from "./patience.ts";
import { checkReservedNames } from "./reserved-names.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";
import { withSlugLock } from "./tenant-lock.ts";

/** What is known before anything is done. */
export interface AdoptWork extends AdoptContents, AdoptHistory {}

/**
 * Makes a tenant of a schema that is there: its objects, its history, its row, in one transaction, under
 * the locks of the schema and of the slug. Where DDL commits at once, as `adoptStepwise` describes.
 *
 * @throws TenancyError see `Tenancy.adopt`
 */
export async function adoptSchema(deps: LifecycleDeps, plan: AdoptPlan): Promise<AdoptResult> {
  const { driver, registry, settings } = deps;
  try {
    return await withLocks(deps, plan, async (session) => {
      await checkReservedNames(deps, session, plan.tenant.schemaName);
      const on = globalQueries(session);
      await checkSchemas(deps, on, plan);
      const work = await look(deps, on, plan);
      if (plan.isDryRun) return resultOf(plan, work, null);
      if (!driver.dialect.hasTransactionalDdl) {
        return resultOf(plan, work, await adoptStepwise(deps, session, plan, work));
      }
      const patience = new Patience(settings.lockTimeoutMs);
      return await withPatience(deps, session, patience, plan.tenant.slug, (tx) =>
        adoptAtOnce(deps, tx, plan),
      );
    });
  } finally {
    registry.forget(plan.tenant);
  }
}

/**
 * Nothing else takes a lock of a schema, and adoptions take it before that of the slug, so that they
 * cannot deadlock.
 */
// ISOLATION: two that adopt one schema would share it. integration/lifecycle/adopt-races.test.ts
async function withLocks<T>(
  deps: LifecycleDeps,
  { from, tenant: { slug } }: AdoptPlan,
  fn: (session: Session) => Promise<T>,
): Promise<T> {
  const { driver, settings } = deps;
  const { lockTimeoutMs } = settings;
  let isHeld = false;
  try {
    return await driver.session({ lock: `kirayedar:adopt:${from}`, lockTimeoutMs }, () => {
      isHeld = true;
      return withSlugLock(deps, slug, fn);
    });
  } catch (cause) {
    if (isHeld || !isTenancyError(cause, "TENANT_BUSY")) throw cause;
    const fact = `Another adoption of the schema "${from}" has not ended yet.`;
    throw new TenancyError("TENANT_BUSY", fact, { cause, tenant: slug });
  }
}

/** @throws TenancyError `TENANT_EXISTS`, `SCHEMA_NOT_FOUND`, `SCHEMA_EXISTS`, `INVALID_QUERY` */
async function checkSchemas(deps: LifecycleDeps, on: Queryable, plan: AdoptPlan): Promise<void> {
  const { from, isMoved, keep, tenant } = plan;
  const { migrator, registry, settings } = deps;
  const { globalSchema } = settings.rules;
  const isResumed = await isAdopting(deps, on, plan);
  const found = await registry.get(on, tenant.slug);
  if (found !== undefined && !(isResumed && found.schemaName === tenant.schemaName)) {
    throw new TenancyError("TENANT_EXISTS", `There already is a tenant "${tenant.slug}".`, {
      remedy: "Choose another slug for it.",
      tenant: tenant.slug,
    });
  }
  const source = await findSchema(deps, on, from);
  if (!source.exists) {
    throw new TenancyError("SCHEMA_NOT_FOUND", `There is no schema "${from}".`, {
      remedy: "Check its name, and the database that the connection is for.",
      tenant: tenant.slug,
    });
  }
  // ISOLATION: another tenant's schema would have two of them. integration/lifecycle/adopt.test.ts
  const owner = source.tenantId;
  const isReady = owner?.startsWith("ready ") === true;
  const isOwned = owner !== null && (isReady || (await registry.get(on, { id: owner })));
  if (isOwned && owner !== found?.id) throw schemaTaken({ schemaName: from, slug: tenant.slug });
  await checkSchemaNames(deps, on, from, found);
  if (!isMoved) return;
  const target = await findSchema(deps, on, tenant.schemaName);
  if (target.exists && !isResumed) throw schemaTaken(tenant);
  if (from !== globalSchema || keep !== undefined) return;
  const own = await migrator.list("global");
  if (own.every(({ version }) => version === REGISTRY_VERSION)) return;
  throw new TenancyError(
    "INVALID_QUERY",
    `The schema "${from}" also has what the global migrations made, which is all tenants'.`,
    { remedy: 'Name it in `keep` (`--keep plans,features`); `[]` (`--keep ""`) for nothing.' },
  );
}

/** A tenant's row names its schema, whatever mark that has. */
async function checkSchemaNames(
  deps: LifecycleDeps,
  on: Queryable,
  from: string,
  found: Tenant | undefined,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await deps.registry.list(on, {
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const owner = page.tenants.find(
      ({ id, schemaName }) => schemaName === from && id !== found?.id,
    );
    if (owner !== undefined) {
      throw new TenancyError(
        "SCHEMA_EXISTS",
        `The schema "${from}" belongs to the tenant "${owner.slug}".`,
        { remedy: "A schema has one tenant; `rename` gives that one another slug." },
      );
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function look(deps: LifecycleDeps, on: Queryable, plan: AdoptPlan): Promise<AdoptWork> {
  const contents = await sortContents(deps, on, plan, toolTables(deps));
  const before = await movedBefore(deps, on, plan);
  const adopted = contents.adopted.length > 0 ? contents.adopted : before;
  if (adopted.length === 0) {
    throw new TenancyError(
      "INVALID_QUERY",
      `There is nothing in the schema "${plan.from}" that could be a tenant's.`,
      { remedy: "Check the name of the schema." },
    );
  }
  // The history went along, unless it is one of those that stay in the global schema.
  const isElsewhere = before.length > 0 && plan.from !== deps.settings.rules.globalSchema;
  const from = isElsewhere ? plan.tenant.schemaName : plan.from;
  return { ...contents, adopted, ...(await readHistory(deps, on, { ...plan, from })) };
}

/** Looks again, as others may have changed the schema since, and does all of it. */
async function adoptAtOnce(
  deps: LifecycleDeps,
  tx: Transaction,
  plan: AdoptPlan,
): Promise<AdoptResult> {
  const { driver, migrator, registry, settings } = deps;
  const { adopt, journal, schema } = driver.dialect;
  const { from, isMoved, tenant: wanted } = plan;
  const work = await look(deps, tx, plan);
  const made = { digest: "", isActive: true, version: null };
  const tenant = await registry.insert(tx, { ...wanted, made });
  const { id, schemaName } = tenant;
  if (!isMoved) await tx.script(adopt.mark(schemaName, id));
  else if (from !== settings.rules.globalSchema && schema.rename !== undefined) {
    await tx.script(`${schema.rename(from, schemaName)}; ${schema.mark(schemaName, id)}`);
  } else {
    await tx.script(schema.create(schemaName, id)).catch((error: unknown) => {
      throw schema.isTaken(error) ? schemaTaken(wanted, error) : error;
    });
    await tx.script(adopt.move(work.adopted, from, schemaName));
  }
  await tx.script(journal.create({ schema: schemaName, table: settings.migrations.table }));
  const versions = work.recorded.map(({ version }) => version);
  return resultOf(plan, work, await migrator.recordApplied(tx, tenant, versions));
}

function resultOf(plan: AdoptPlan, work: AdoptWork, tenant: Tenant | null): AdoptResult {
  const { from, isMoved, tenant: wanted } = plan;
  return {
    adopted: work.adopted.map((held) => ({ kind: held.kind, name: nameOf(held, from) })),
    from,
    how: isMoved ? "move" : "in-place",
    left: work.left,
    pending: work.pending,
    recorded: work.recorded,
    schemaName: wanted.schemaName,
    slug: wanted.slug,
    tenant,
  };
}
