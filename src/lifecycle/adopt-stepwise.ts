import type { HeldObject } from "../core/adopt-sql.ts";
import type { Queryable, Session } from "../core/driver.ts";
import type { NewTenant } from "../core/registry.ts";
import type { Tenant } from "../core/tenant.ts";
import { Patience } from "../migrate/patience.ts";
import type { AdoptPlan } from "./adopt-plan.ts";
import type { AdoptWork } from "./adopt.ts";
import { globalQueries, globalWrites, type LifecycleDeps } from "./deps.ts";
import { withPatience } from "./patience.ts";

/**
 * Adopts a schema where DDL commits at once. Each arrow is a commit.
 *
 * - In place: the history's table → row (`active`) and history → mark.
 * - Moved: the new schema → a note in it, of where everything comes from → the history's table → all
 *   tables in one statement → row (`active`) and history → mark → end of the note.
 *
 * The row comes last and is active at once: a row that says it is unfinished would let `create` remove
 * what it takes for a leftover. Nothing is ever removed but the note; whoever repeats the call finds
 * the note, and goes on.
 */
export async function adoptStepwise(
  deps: LifecycleDeps,
  session: Session,
  plan: AdoptPlan,
  work: AdoptWork,
): Promise<Tenant> {
  const { driver, migrator, registry, settings } = deps;
  const { adopt, journal, schema } = driver.dialect;
  const { from, isMoved, tenant: wanted } = plan;
  const { schemaName } = wanted;
  const run = (text: string): Promise<void> => globalWrites(session, (tx) => tx.script(text));
  const isResumed = isMoved && (await isAdopting(deps, globalQueries(session), wanted, from));
  if (isMoved && !isResumed) {
    await run(schema.ensure(schemaName));
    if (adopt.note !== undefined) await run(adopt.note.create(schemaName, noteOf(wanted, from)));
  }
  await run(journal.create({ schema: schemaName, table: settings.migrations.table }));
  const waiting = isMoved ? await held(deps, globalQueries(session), from, work.adopted) : [];
  if (waiting.length > 0) {
    const patience = new Patience(settings.lockTimeoutMs);
    await withPatience(deps, session, patience, wanted.slug, (tx) =>
      tx.script(adopt.move(waiting, from, schemaName)),
    );
  }
  const tenant = await globalWrites(session, async (tx) => {
    const made = { digest: "", isActive: true, version: null };
    const row = await registry.insert(tx, { ...wanted, made });
    const versions = work.recorded.map(({ version }) => version);
    return await migrator.recordApplied(tx, row, versions);
  });
  // Without it the tenant is as one whose database was restored.
  await run(adopt.mark(schemaName, tenant.id));
  if (isMoved && adopt.note !== undefined) await run(adopt.note.remove(schemaName));
  return tenant;
}

/** Whether a schema is the one that an adoption was filling when it stopped. */
export async function isAdopting(
  { driver }: LifecycleDeps,
  on: Queryable,
  tenant: NewTenant,
  from: string,
): Promise<boolean> {
  const { note } = driver.dialect.adopt;
  if (note === undefined) return false;
  const { params, text } = note.read(tenant.schemaName);
  const [row] = (await on.query(text, params)).rows;
  return row !== undefined && note.toContent(row) === noteOf(tenant, from);
}

/** Returns what an adoption that stopped had moved. */
export async function movedBefore(
  deps: LifecycleDeps,
  on: Queryable,
  { from, isMoved, tenant }: AdoptPlan,
): Promise<HeldObject[]> {
  if (!isMoved || !(await isAdopting(deps, on, tenant, from))) return [];
  const { params, text } = deps.driver.dialect.adopt.contents(tenant.schemaName);
  const { rows } = await on.query<HeldObject>(text, params);
  return rows.filter(({ name }) => !name.startsWith("kirayedar_"));
}

async function held(
  { driver }: LifecycleDeps,
  on: Queryable,
  schemaName: string,
  among: readonly HeldObject[],
): Promise<HeldObject[]> {
  const { params, text } = driver.dialect.adopt.contents(schemaName);
  const { rows } = await on.query<HeldObject>(text, params);
  return among.filter(({ kind, name }) =>
    rows.some((row) => row.kind === kind && row.name === name),
  );
}

function noteOf({ slug }: NewTenant, from: string): string {
  return `${from} as ${slug}`;
}
