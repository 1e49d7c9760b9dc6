import type { Session, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { MoveSql } from "../core/move-sql.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import {
  checkSight,
  isOurs,
  type Mover,
  readContents,
  readOld,
  readRemakes,
  readRow,
} from "./move-schema-contents.ts";
import {
  mayBeMoving,
  type Move,
  MoveJournal,
  type MoveRecord,
  moveWrites,
} from "./move-schema-journal.ts";
import { moveTables, prepareTarget, rehearse, settle, settleTables } from "./move-schema-steps.ts";
import { Patience } from "../migrate/patience.ts";
import { withPatience } from "./patience.ts";
import { changedMeanwhile, wrongState } from "./refs.ts";
import { removeSchema } from "./remove-schema.ts";
import { findSchema, schemaTaken } from "./schema-mark.ts";

/**
 * Begins to move a tenant's schema, where the engine cannot rename it: refuses what cannot be moved,
 * and then writes down, in one transaction, the new names, the old ones, and that the tenant is
 * `renaming`. Nothing else is done yet.
 *
 * From here on the tenant has its new slug, and with it another lock; {@link finishMove} goes on under
 * that one. The whole protocol, each arrow a commit:
 *
 * row `renaming` → new schema with its mark, routines, everything else on trial → all tables in one
 * statement → no way back → triggers, views, events → old schema dropped → row with its former state.
 *
 * A stop before the tables have moved is taken back by the process that sees it; after it, or when
 * the process dies, whoever calls `rename` next goes on.
 *
 * @returns the tenant in state `renaming`
 * @throws TenancyError `SCHEMA_NOT_MOVABLE`, `INVALID_SCHEMA_NAME`, `TENANT_EXISTS`, `SCHEMA_EXISTS`
 */
export async function beginMove(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  to: { readonly schemaName: string; readonly slug: string },
): Promise<Tenant> {
  const sql = sqlOf(deps, tenant);
  const names = { from: tenant.schemaName, to: to.schemaName };
  const server = sql.readServer(await readRow(session, sql.server().text));
  const reader = { names, server, session, sql, tenant };
  await checkSight(reader);
  await readRemakes(reader, (await readContents(reader, names.from)).others);
  // By it the old schema is known until its end.
  if (!(await isOurs({ deps, session, tenant }, names.from))) {
    await session.transaction(GLOBAL_SCOPE, (tx) => tx.script(sql.mark(names.from, tenant.id)));
  }
  const journal = new MoveJournal(deps, sql, tenant.id);
  await journal.create(session);
  const move: Move = {
    ...names,
    alter: null,
    isMoved: false,
    slug: tenant.slug,
    state: tenant.state,
  };
  return await moveWrites({ deps, session, tenant }, async (tx) => {
    const renaming = await deps.registry.update(
      tx,
      tenant.id,
      { schemaName: to.schemaName, slug: to.slug, state: "renaming" },
      [tenant.state],
    );
    if (renaming === undefined) throw changedMeanwhile(tenant);
    // What a move that was cut short by a drop of the row by hand may have left.
    await journal.remove(tx);
    await journal.writeMove(tx, move);
    return renaming;
  });
}

/**
 * Refuses two names that the server cannot tell apart.
 *
 * @throws TenancyError `INVALID_SCHEMA_NAME`
 */
export async function checkNewName(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  to: string,
): Promise<void> {
  const sql = sqlOf(deps, tenant);
  if (to.toLowerCase() !== tenant.schemaName.toLowerCase()) return;
  const { isCaseSensitive } = sql.readServer(await readRow(session, sql.server().text));
  if (isCaseSensitive) return;
  throw new TenancyError(
    "INVALID_SCHEMA_NAME",
    `The schema names "${tenant.schemaName}" and "${to}" differ only in case, and are the same on this server.`,
    { remedy: "Choose another schema name.", tenant: tenant.slug },
  );
}

/**
 * Moves what {@link beginMove} has begun to move, from wherever it was stopped.
 *
 * @param tenant - in state `renaming`, and its lock held
 * @returns the tenant in the state that it had before
 * @throws TenancyError `TENANT_BUSY`, `SCHEMA_EXISTS`, `SCHEMA_NOT_FOUND`, `SCHEMA_NOT_MOVABLE`, after
 *   which the tenant is as it was, if nothing had moved; else it stays `renaming`
 */
export async function finishMove(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<Tenant> {
  const { mover, record } = await openMove(deps, session, tenant);
  let { alter } = record.move;
  try {
    if (!record.move.isMoved) alter = await moveAll(mover, record.move);
  } catch (error) {
    await takeBack(mover, record.move, error);
    throw error;
  }
  try {
    await checkTarget(mover);
    await settle(mover, alter);
    await dropOld(mover);
    return await end(mover, record.move);
  } catch (error) {
    throw halfRenamed(tenant, error);
  } finally {
    deps.registry.forget(tenant);
  }
}

/** Returns the error for a rename that has to be repeated. */
function halfRenamed(tenant: Tenant, cause: unknown): TenancyError {
  return new TenancyError(
    isTenancyError(cause) ? cause.code : "INVALID_STATE",
    `The tenant "${tenant.slug}" is half renamed, and serves nobody.`,
    {
      cause,
      remedy:
        "Repeat `rename` when the cause is mended; nothing is lost, and it goes on from here.",
      tenant: tenant.slug,
    },
  );
}

/** Up to the moment in which the tables move, and the note that they have. */
async function moveAll(mover: Mover, move: Move): Promise<string | null> {
  const { journal, names, session, sql } = mover;
  let { alter } = move;
  if (!(await hasMoved(mover))) {
    await checkSource(mover);
    alter = sql.alter(await readRow(session, sql.showSchema(names.from)), names.to);
    await prepareTarget(mover);
    const contents = await readContents(mover, names.from);
    const remakes = await readRemakes(mover, contents.others);
    await moveWrites(mover, async (tx) => {
      await journal.clear(tx);
      await journal.writeMove(tx, { ...move, alter });
      await journal.add(
        tx,
        remakes.map((remake) => ({ remake })),
      );
    });
    await session.query(GLOBAL_SCOPE, alter);
    await rehearse(mover, remakes);
    await moveTables(mover, contents);
  }
  await moveWrites(mover, (tx) => journal.writeMove(tx, { ...move, alter, isMoved: true }));
  return alter;
}

/** Whether tables have moved, whatever the journal was last told. */
async function hasMoved(mover: Mover): Promise<boolean> {
  const { to } = mover.names;
  if ((await readOld(mover)).hidden.length > 0) return true;
  // ISOLATION: the tables of another's schema are not what has moved. integration/mysql/rename-foreign.test.ts
  return (await isOurs(mover, to)) && (await readContents(mover, to)).tables.length > 0;
}

/** What is there may have been removed by hand since, and another's have its name. */
// ISOLATION: a tenant's tables would be moved into another's schema. integration/mysql/rename-foreign.test.ts
async function checkTarget(mover: Mover): Promise<void> {
  if (!(await isOurs(mover, mover.names.to))) throw schemaTaken(mover.tenant);
}

async function checkSource(mover: Mover): Promise<void> {
  const { names, tenant } = mover;
  if (await isOurs(mover, names.from)) return;
  throw new TenancyError(
    "SCHEMA_NOT_FOUND",
    `The schema "${names.from}" of the tenant "${tenant.slug}" does not exist.`,
    { tenant: tenant.slug },
  );
}

/**
 * Gives the tenant its names and its state again, if nothing has moved.
 *
 * @throws TenancyError with both causes, when that is not possible
 */
async function takeBack(mover: Mover, move: Move, error: unknown): Promise<void> {
  const { deps, journal, names, session, tenant } = mover;
  const { driver, registry } = deps;
  try {
    if (await hasMoved(mover)) throw new Error("Tables have moved.");
    const { isBlank, tenantId } = await findSchema(deps, globalQueries(session), names.to);
    if (tenantId === tenant.id || isBlank) {
      await session.query(GLOBAL_SCOPE, driver.dialect.schema.drop(names.to));
    }
    await moveWrites(mover, async (tx) => {
      const { from: schemaName, slug, state } = move;
      const back = await registry.update(tx, tenant.id, { schemaName, slug, state }, ["renaming"]);
      if (back === undefined) throw changedMeanwhile(tenant);
      await journal.remove(tx);
    });
  } catch (second) {
    throw halfRenamed(tenant, new AggregateError([error, second]));
  } finally {
    registry.forget(tenant);
    registry.forget({ id: tenant.id, schemaName: move.from, slug: move.slug });
  }
}

/** Removes the old schema, if nothing but the tenant's mark is in it. */
async function dropOld(mover: Mover): Promise<void> {
  const { deps, journal, names, session, tenant } = mover;
  // ISOLATION: a schema that somebody has made since under the old name is not ours. integration/mysql/rename-foreign.test.ts
  if (!(await isOurs(mover, names.from))) return;
  const { hidden, others, tables } = await readContents(mover, names.from);
  if (hidden.length + others.length + tables.length > 0) {
    throw new TenancyError("TENANT_BUSY", `The schema "${names.from}" is in use again.`, {
      tenant: tenant.slug,
    });
  }
  // ISOLATION: nobody waits for the name if we die before the end of the move. integration/mysql/rename-freed.test.ts
  await moveWrites(mover, (tx) => journal.free(tx, names.from));
  const patience = new Patience(deps.settings.lockTimeoutMs);
  const text = deps.driver.dialect.schema.drop(names.from);
  await withPatience(deps, session, patience, tenant.slug, (tx) => tx.script(text));
}

async function end(mover: Mover, move: Move): Promise<Tenant> {
  const { deps, journal, tenant } = mover;
  return await moveWrites(mover, async (tx) => {
    const ended = await deps.registry.update(tx, tenant.id, { state: move.state }, ["renaming"]);
    if (ended === undefined) throw changedMeanwhile(tenant);
    await journal.remove(tx);
    await journal.free(tx, move.from);
    return ended;
  });
}

/** What {@link abandonMove} has left to do. */
export interface Abandoned {
  /** Whether the schema that the row names is the tenant's, and goes with it. */
  readonly isSchemaOurs: boolean;
  /** Forgets the move, in the transaction that removes the row. */
  forget(tx: Transaction): Promise<void>;
}

/**
 * Removes what an unfinished move has left in the old schema, for `drop`, before the new one is
 * removed. May be called for any tenant; does nothing for one that is neither `renaming` nor `dropping`.
 *
 * @param tenant - as it was read under its lock, or as it is after it was marked `dropping`
 */
export async function abandonMove(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<Abandoned> {
  const opened = mayBeMoving(deps, tenant) ? await tryOpen(deps, session, tenant) : undefined;
  if (opened === undefined) return { forget: () => Promise.resolve(), isSchemaOurs: true };
  const { mover } = opened;
  const { journal, names } = mover;
  const target = await findSchema(deps, globalQueries(session), names.to);
  // ISOLATION: a schema that somebody has made since under either name is not ours. integration/mysql/rename-abandoned.test.ts
  const isSchemaOurs = target.tenantId === tenant.id || target.isBlank;
  if (await isOurs(mover, names.from)) {
    // Foreign keys between the two would keep either from being dropped.
    if (isSchemaOurs && (await hasMoved(mover))) await settleTables(mover);
    await removeSchema(deps, session, names.from, { tenant: tenant.slug });
  }
  return { forget: (tx) => journal.remove(tx), isSchemaOurs };
}

async function openMove(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<{ readonly mover: Mover; readonly record: MoveRecord }> {
  const opened = await tryOpen(deps, session, tenant);
  if (opened !== undefined) return opened;
  throw new TenancyError(
    "INVALID_STATE",
    `The tenant "${tenant.slug}" is marked as being renamed, but no rename is under way.`,
    { remedy: "Correct the state in the registry's table.", tenant: tenant.slug },
  );
}

async function tryOpen(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<{ readonly mover: Mover; readonly record: MoveRecord } | undefined> {
  const sql = sqlOf(deps, tenant);
  const journal = new MoveJournal(deps, sql, tenant.id);
  const record = await journal.read(globalQueries(session));
  if (record === undefined) return undefined;
  const { from, to } = record.move;
  const server = sql.readServer(await readRow(session, sql.server().text));
  return {
    mover: { deps, journal, names: { from, to }, server, session, sql, tenant },
    record,
  };
}

function sqlOf({ driver }: LifecycleDeps, tenant: Tenant): MoveSql {
  const { move } = driver.dialect.schema;
  if (move === undefined) throw wrongState(tenant, "moved");
  return move;
}
