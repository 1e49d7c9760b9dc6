import type { HeldObject } from "../core/adopt-sql.ts";
import type { Queryable, Session } from "../core/driver.ts";
import type { NewTenant } from "../core/registry.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { Patience } from "../migrate/patience.ts";
import type { AdoptPlan } from "./adopt-plan.ts";
import type { AdoptWork } from "./adopt.ts";
import { globalQueries, globalWrites, type LifecycleDeps } from "./deps.ts";
import { withPatience } from "./patience.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";

/**
 * Adopts a schema where DDL commits at once. Each arrow is a commit: a note in the old schema, of what it
 * becomes → the new schema → all tables in one statement → the history's table → row (`active`) and
 * history → mark → end of the note. In place, the second and the third are left out.
 *
 * The row comes late and is active at once: a row that says it is unfinished would let `create` remove
 * what it takes for a leftover. Nothing is ever removed but the note; whoever repeats the call finds it,
 * and does what is still to be done.
 */
export async function adoptStepwise(
  deps: LifecycleDeps,
  session: Session,
  plan: AdoptPlan,
  work: AdoptWork,
): Promise<Tenant> {
  const { driver, settings } = deps;
  const { adopt, journal, schema } = driver.dialect;
  const { from, isMoved, tenant: wanted } = plan;
  const { schemaName } = wanted;
  const on = globalQueries(session);
  const run = (text: string): Promise<void> => globalWrites(session, (tx) => tx.script(text));
  if (adopt.note !== undefined && !(await isAdopting(deps, on, plan))) {
    await run(adopt.note.create(from, noteOf(plan)));
  }
  if (isMoved) {
    await makeTarget(deps, session, plan).catch(async (error: unknown) => {
      // Nothing was moved, and another name may be chosen.
      const isTaken = isTenancyError(error, "SCHEMA_EXISTS");
      if (isTaken && adopt.note !== undefined) await run(adopt.note.remove(from));
      throw error;
    });
    await move(deps, session, plan, work.adopted);
  }
  await run(journal.create({ schema: schemaName, table: settings.migrations.table }));
  const tenant =
    (await deps.registry.get(on, wanted.slug)) ?? (await insert(deps, session, wanted, work));
  // Without it the tenant is as one whose database was restored.
  const { tenantId } = await findSchema(deps, on, schemaName);
  if (tenantId === null) await run(adopt.mark(schemaName, tenant.id));
  else if (tenantId !== tenant.id) await run(schema.mark(schemaName, tenant.id));
  if (adopt.note !== undefined) await run(adopt.note.remove(from));
  return tenant;
}

/**
 * Makes the tenant's schema, or goes on with the one that this adoption has made before.
 *
 * @throws TenancyError `SCHEMA_EXISTS`
 */
// ISOLATION: else a schema that somebody else makes meanwhile gets the tables.
// integration/lifecycle/adopt-mysql.test.ts
async function makeTarget(
  deps: LifecycleDeps,
  session: Session,
  { tenant: { schemaName, slug } }: AdoptPlan,
): Promise<void> {
  const { adopt, schema } = deps.driver.dialect;
  const on = globalQueries(session);
  const mark = `adopting ${slug}`;
  const target = await findSchema(deps, on, schemaName);
  const run = (text: string): Promise<void> => globalWrites(session, (tx) => tx.script(text));
  if (!target.exists) {
    await run(schema.create(schemaName, mark)).catch((error: unknown) => {
      throw schema.isTaken(error) ? schemaTaken({ schemaName, slug }, error) : error;
    });
    return;
  }
  const tenant = await deps.registry.get(on, slug);
  if (target.tenantId === mark || target.tenantId === tenant?.id) return;
  // It stopped between the schema and its mark.
  if (!target.isBlank) throw schemaTaken({ schemaName, slug });
  await run(adopt.mark(schemaName, mark));
}

/**
 * Whether this very adoption was begun before, and has not ended.
 *
 * @throws TenancyError `INVALID_STATE` where another one was
 */
export async function isAdopting(
  { driver }: LifecycleDeps,
  on: Queryable,
  plan: AdoptPlan,
): Promise<boolean> {
  const { note } = driver.dialect.adopt;
  if (note === undefined) return false;
  const { params, text } = note.read(plan.from);
  const [row] = (await on.query(text, params)).rows;
  if (row === undefined) return false;
  const content = note.toContent(row);
  if (content === noteOf(plan)) return true;
  throw new TenancyError(
    "INVALID_STATE",
    `The adoption of the schema "${plan.from}" as ${content} has not ended.`,
    { remedy: "Repeat it, so that it ends." },
  );
}

/** Returns what an adoption that stopped had moved. */
export async function movedBefore(
  deps: LifecycleDeps,
  on: Queryable,
  plan: AdoptPlan,
): Promise<HeldObject[]> {
  if (!plan.isMoved || !(await isAdopting(deps, on, plan))) return [];
  const held = await contentsOf(deps, on, plan.tenant.schemaName);
  return held.filter(({ name }) => !name.startsWith("kirayedar_"));
}

async function move(
  deps: LifecycleDeps,
  session: Session,
  { from, tenant }: AdoptPlan,
  adopted: readonly HeldObject[],
): Promise<void> {
  const held = await contentsOf(deps, globalQueries(session), from);
  const waiting = adopted.filter(({ kind, name }) =>
    held.some((one) => one.kind === kind && one.name === name),
  );
  if (waiting.length === 0) return;
  const patience = new Patience(deps.settings.lockTimeoutMs);
  await withPatience(deps, session, patience, tenant.slug, (tx) =>
    tx.script(deps.driver.dialect.adopt.move(waiting, from, tenant.schemaName)),
  );
}

async function insert(
  { migrator, registry }: LifecycleDeps,
  session: Session,
  wanted: NewTenant,
  { recorded }: AdoptWork,
): Promise<Tenant> {
  return await globalWrites(session, async (tx) => {
    const made = { digest: "", isActive: true, version: null };
    const row = await registry.insert(tx, { ...wanted, made });
    const versions = recorded.map(({ version }) => version);
    return await migrator.recordApplied(tx, row, versions);
  });
}

async function contentsOf(
  { driver }: LifecycleDeps,
  on: Queryable,
  schemaName: string,
): Promise<HeldObject[]> {
  const { params, text } = driver.dialect.adopt.contents(schemaName);
  return (await on.query<HeldObject>(text, params)).rows;
}

function noteOf({ tenant: { schemaName, slug } }: AdoptPlan): string {
  return `"${slug}" in "${schemaName}"`;
}
