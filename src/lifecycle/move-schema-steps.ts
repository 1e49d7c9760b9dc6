import type { Movable, Remake, TableStep } from "../core/move-sql.ts";
import { GLOBAL_SCOPE, scopeOf } from "../core/scope.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../internal/connection-failure.ts";
import { globalQueries } from "./deps.ts";
import { type Contents, isOurs, type Mover, readOld, readRemakes } from "./move-schema-contents.ts";
import { type HiddenTable, moveWrites } from "./move-schema-journal.ts";
import { Patience } from "../migrate/patience.ts";
import { withPatience } from "./patience.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";

/** How often something may appear in the old schema while the rest of it is moved. */
const MAX_ROUNDS = 5;

/**
 * Makes the new schema, without anything in it yet. What is left there of an attempt that died before
 * it moved anything is removed first.
 *
 * @throws TenancyError `SCHEMA_EXISTS`
 */
export async function prepareTarget({ deps, names, session, tenant }: Mover): Promise<void> {
  const { schema } = deps.driver.dialect;
  const found = await findSchema(deps, globalQueries(session), names.to);
  if (found.exists) {
    // ISOLATION: without the mark, a foreign schema of that name is dropped. integration/mysql/rename-foreign.test.ts
    if (found.tenantId !== tenant.id && !found.isBlank) throw schemaTaken(tenant);
    await session.query(GLOBAL_SCOPE, schema.drop(names.to));
  }
  try {
    await session.transaction(GLOBAL_SCOPE, (tx) => tx.script(schema.create(names.to, tenant.id)));
  } catch (error) {
    throw schema.isTaken(error) ? schemaTaken(tenant, error) : error;
  }
}

/**
 * Finds out in the new schema, while nothing has moved, whether everything can be made there: routines
 * for good, as they need no tables; views over what is still in the old one; the rest on trial.
 *
 * @throws TenancyError `SCHEMA_NOT_MOVABLE`
 */
export async function rehearse(mover: Mover, remakes: readonly Remake[]): Promise<void> {
  const { names, session, sql, tenant } = mover;
  const scope = scopeOf(tenant);
  const trialTable = sql.trialTable(names.to);
  await session.query(scope, trialTable.make);
  const isDone = new Set<string>();
  for (const kind of ["routine", "view", "trigger", "event"] as const) {
    for (const remake of remakes.filter((each) => each.kind === kind)) {
      try {
        if (kind === "routine") await runRemake(mover, remake);
        const key = remake.trial.join(";");
        if (isDone.has(key)) continue;
        for (const text of remake.trial) await session.query(scope, text);
        isDone.add(key);
      } catch (error) {
        throw notMakeable(mover, remake, error);
      }
    }
  }
  await session.query(scope, trialTable.remove);
}

function notMakeable({ names, tenant }: Mover, { kind, name }: Remake, cause: unknown): unknown {
  const explained = explainConnectionFailure(cause);
  if (explained !== cause || isTenancyError(cause)) return explained;
  return new TenancyError(
    "SCHEMA_NOT_MOVABLE",
    `The schema "${names.from}" cannot be renamed: the ${kind} "${name}" cannot be made in another one.`,
    { cause, remedy: "Look at the cause; nothing was moved.", tenant: tenant.slug },
  );
}

/**
 * Moves all tables at one moment. Tables with triggers cannot leave their schema; removing the triggers
 * first would let writes pass without them. So these tables are hidden in the same moment, under names
 * that nobody writes to.
 *
 * @throws TenancyError `TENANT_BUSY`
 */
export async function moveTables(mover: Mover, contents: Contents): Promise<void> {
  const { deps, journal, names, session, sql, tenant } = mover;
  if (contents.tables.length === 0) return;
  const triggered = new Set(
    contents.others.flatMap(({ kind, table }) => (kind === "trigger" ? [table] : [])),
  );
  const known = (await journal.read(globalQueries(session)))?.hidden ?? [];
  const taken = new Set(known.map((each) => each.hidden));
  const hidden: HiddenTable[] = [];
  let number = 0;
  const steps = contents.tables.map(({ name }): TableStep => {
    if (!triggered.has(name)) return { from: [names.from, name], to: [names.to, name] };
    do number += 1;
    while (taken.has(sql.hiddenName(number)));
    hidden.push({ hidden: sql.hiddenName(number), table: name });
    return { from: [names.from, name], to: [names.from, sql.hiddenName(number)] };
  });
  await moveWrites(mover, (tx) =>
    journal.add(
      tx,
      hidden.map((each) => ({ hidden: each })),
    ),
  );
  const patience = new Patience(deps.settings.lockTimeoutMs);
  await withPatience(deps, session, patience, tenant.slug, (tx) =>
    tx.query(sql.moveTables(steps)).then(() => undefined),
  );
}

/**
 * Moves everything that is still in the old schema, and makes again what cannot be moved. Every step
 * may have been done before: by a process that died right after it.
 */
export async function settle(mover: Mover, alter: string | null): Promise<void> {
  const { journal, names, session } = mover;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await settleTables(mover);
    const record = await journal.read(globalQueries(session));
    await remakeAll(mover, record?.remakes ?? []);
    const left = await readOld(mover);
    if (left.tables.length + left.hidden.length + left.others.length === 0) {
      if (alter !== null) await session.query(GLOBAL_SCOPE, alter);
      return;
    }
  }
  throw new TenancyError(
    "TENANT_BUSY",
    `Somebody keeps making tables in the schema "${names.from}" while it is renamed.`,
    { tenant: mover.tenant.slug },
  );
}

/** Moves the tables that are left, with their triggers written down and removed. */
export async function settleTables(mover: Mover): Promise<void> {
  const { journal, session } = mover;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const contents = await readOld(mover);
    await recordNew(mover, contents.others);
    await moveTables(mover, contents);
    const record = await journal.read(globalQueries(session));
    await releaseHidden(mover, record?.hidden ?? []);
    if (contents.tables.length === 0) return;
  }
}

/** Writes down what has appeared since everything was read. */
async function recordNew(mover: Mover, others: readonly Movable[]): Promise<void> {
  const { journal, session } = mover;
  const record = await journal.read(globalQueries(session));
  const known = new Set(record?.remakes.map(({ kind, name }) => `${kind} ${name}`));
  const fresh = others.filter(
    ({ kind, name, table }) =>
      !known.has(`${kind} ${kind === "default" ? `${table}.` : ""}${name}`),
  );
  if (fresh.length === 0) return;
  const remakes = await readRemakes(mover, fresh, record?.hidden);
  await moveWrites(mover, (tx) =>
    journal.add(
      tx,
      remakes.map((remake) => ({ remake })),
    ),
  );
}

/** Takes hidden tables out of the old schema. What made their triggers is written down by now. */
async function releaseHidden(mover: Mover, known: readonly HiddenTable[]): Promise<void> {
  const { deps, names, session, sql, tenant } = mover;
  const { hidden, others } = await readOld(mover);
  if (hidden.length === 0) return;
  await recordNew(mover, others);
  const waiting = new Set(hidden.map(({ name }) => name));
  for (const { kind, name, table } of others) {
    if (kind === "trigger" && table !== null && waiting.has(table)) {
      await session.query(GLOBAL_SCOPE, sql.removeTrigger(names.from, name));
    }
  }
  const steps = known.flatMap((each): TableStep[] =>
    waiting.has(each.hidden)
      ? [{ from: [names.from, each.hidden], to: [names.to, each.table] }]
      : [],
  );
  const patience = new Patience(deps.settings.lockTimeoutMs);
  await withPatience(deps, session, patience, tenant.slug, (tx) =>
    tx.query(sql.moveTables(steps)).then(() => undefined),
  );
}

/** Makes everything again in the new schema, and removes it from the old one. */
async function remakeAll(mover: Mover, remakes: readonly Remake[]): Promise<void> {
  const { session } = mover;
  const of = (kind: Remake["kind"]): Remake[] => remakes.filter((each) => each.kind === kind);
  for (const remake of of("default")) await runRemake(mover, remake);
  for (const remake of of("routine")) await runRemake(mover, remake);
  await remakeViews(mover, of("view"));
  for (const remake of of("trigger")) await runRemake(mover, remake);
  // ISOLATION: another's schema may have the old name by now. integration/mysql/rename-foreign.test.ts
  const mayRemove = await isOurs(mover, mover.names.from);
  const remove = async (remake: Remake): Promise<void> => {
    if (mayRemove && remake.remove !== null) await session.query(GLOBAL_SCOPE, remake.remove);
  };
  for (const remake of remakes) if (remake.kind !== "event") await remove(remake);
  for (const event of of("event")) {
    // In both schemas it would run twice.
    await remove(event);
    await runRemake(mover, event);
  }
}

/** A view can be made when what it reads is there, other views among it. */
async function remakeViews(mover: Mover, views: readonly Remake[]): Promise<void> {
  for (let left = views; left.length > 0;) {
    const waiting: Remake[] = [];
    let missing: unknown;
    for (const view of left) {
      try {
        await runRemake(mover, view);
      } catch (error) {
        if (!mover.sql.isMissing(error)) throw error;
        missing = error;
        waiting.push(view);
      }
    }
    if (waiting.length === left.length) throw missing;
    left = waiting;
  }
}

/** Makes one thing, in the settings that it was made in, which the server remembers with it. */
async function runRemake(mover: Mover, { before, make, settings }: Remake): Promise<void> {
  const { server, session, tenant } = mover;
  const scope = scopeOf(tenant);
  for (const text of before) await session.query(scope, text);
  if (settings === null) {
    await session.query(scope, make);
    return;
  }
  await session.query(scope, settings);
  try {
    await session.query(scope, make);
  } catch (error) {
    // It fails only when the connection is lost, and must not hide the error before it.
    await session.query(GLOBAL_SCOPE, server.restore).catch(() => undefined);
    throw error;
  }
  await session.query(GLOBAL_SCOPE, server.restore);
}
