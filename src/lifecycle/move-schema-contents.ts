import type { Session } from "../core/driver.ts";
import type { Movable, MoveNames, MoveServer, MoveSql, Remake } from "../core/move-sql.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../internal/connection-failure.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import type { HiddenTable, MoveJournal } from "./move-schema-journal.ts";
import { findSchema } from "./schema-mark.ts";

/** Objects that an error names. */
const NAMED = 5;

/** What the steps of a move work with. */
export interface Mover {
  /** See {@link LifecycleDeps}. */
  readonly deps: LifecycleDeps;
  /** Holds the tenant's lock. */
  readonly session: Session;
  /** The engine's SQL. */
  readonly sql: MoveSql;
  /** What it depends on. */
  readonly server: MoveServer;
  /** Where it is written down. */
  readonly journal: MoveJournal;
  /** The tenant. */
  readonly tenant: Tenant;
  /** The two schemas. */
  readonly names: MoveNames;
}

/** What a schema holds. */
export interface Contents {
  /** Tables and sequences in their places. */
  readonly tables: readonly Movable[];
  /** Tables that wait for the removal of their triggers. */
  readonly hidden: readonly Movable[];
  /** Everything else; triggers in the order in which they fire. */
  readonly others: readonly Movable[];
}

/** Returns the first row of a statement that the move depends on. */
export async function readRow(
  session: Session,
  text: string,
): Promise<Readonly<Record<string, unknown>>> {
  return (await session.query(GLOBAL_SCOPE, text)).rows[0] ?? {};
}

/**
 * Refuses to move a schema in which something may be that is not seen: it would be dropped with it.
 *
 * @throws TenancyError `SCHEMA_NOT_MOVABLE`
 */
export async function checkSight({
  names,
  session,
  sql,
  tenant,
}: Pick<Mover, "names" | "session" | "sql" | "tenant">): Promise<void> {
  for (const { of, text } of sql.sight(names.from)) {
    try {
      await session.query(GLOBAL_SCOPE, text);
    } catch (error) {
      const cause = explainConnectionFailure(error);
      if (isTenancyError(cause)) throw cause;
      throw new TenancyError(
        "SCHEMA_NOT_MOVABLE",
        `The schema "${names.from}" cannot be renamed: the user may not see whether it has ${of}.`,
        { cause, remedy: "Grant the right on both schemas.", tenant: tenant.slug },
      );
    }
  }
}

/** Reads what a schema holds, the tenant's mark apart; nothing if it is not there. */
export async function readContents(
  { server, session, sql }: Pick<Mover, "server" | "session" | "sql">,
  schemaName: string,
): Promise<Contents> {
  const found: Movable[] = [];
  for (const { params, text } of sql.contents(schemaName)) {
    const { rows } = await session.query(GLOBAL_SCOPE, text, params);
    found.push(...rows.flatMap((row) => sql.readMovable(row, schemaName, server) ?? []));
  }
  const tables = found.filter(({ kind }) => kind === "table");
  const names = new Set(tables.map(({ name }) => name));
  return {
    hidden: tables.filter(({ name }) => sql.isHiddenName(name)),
    // A view's columns show the defaults of its table's.
    others: found.filter(
      ({ kind, table }) =>
        kind !== "table" && (kind !== "default" || (table !== null && names.has(table))),
    ),
    tables: tables.filter(({ name }) => !sql.isHiddenName(name)),
  };
}

/** What is in a schema that is not there, or not the tenant's. */
const NOTHING: Contents = { hidden: [], others: [], tables: [] };

/**
 * Reads what is left in the old schema; nothing if it is gone. It bears the tenant's mark until then,
 * so that another one, which somebody has made since under its name, is not taken for it.
 */
// ISOLATION: without the mark, another's tables are moved into the tenant's schema. integration/mysql/rename-foreign.test.ts
export async function readOld(
  mover: Pick<Mover, "deps" | "names" | "server" | "session" | "sql" | "tenant">,
): Promise<Contents> {
  return (await isOurs(mover, mover.names.from)) ? readContents(mover, mover.names.from) : NOTHING;
}

/** Whether a schema bears the tenant's mark. */
export async function isOurs(
  { deps, session, tenant }: Pick<Mover, "deps" | "session" | "tenant">,
  schemaName: string,
): Promise<boolean> {
  return (await findSchema(deps, globalQueries(session), schemaName)).tenantId === tenant.id;
}

/**
 * Reads how everything is made again.
 *
 * @param hidden - tables that are called otherwise at the moment
 * @throws TenancyError `SCHEMA_NOT_MOVABLE`
 */
export async function readRemakes(
  { names, server, session, sql, tenant }: Omit<Mover, "deps" | "journal">,
  movables: readonly Movable[],
  hidden: readonly HiddenTable[] = [],
): Promise<Remake[]> {
  const remakes: Remake[] = [];
  const refusals: string[] = [];
  for (const movable of movables) {
    const show = sql.show(names.from, movable);
    const shown = show === undefined ? {} : await readRow(session, show);
    const table = hidden.find((each) => each.hidden === movable.table)?.table ?? movable.table;
    const remake = sql.remake({ ...movable, table }, shown, names, server);
    if (typeof remake !== "string") remakes.push(remake);
    else refusals.push(`the ${labelOf(movable)} "${movable.name}" ${remake}`);
  }
  if (refusals.length > 0) {
    const more = refusals.length > NAMED ? `; and ${refusals.length - NAMED} more` : "";
    throw new TenancyError(
      "SCHEMA_NOT_MOVABLE",
      `The schema "${names.from}" cannot be renamed: ${refusals.slice(0, NAMED).join("; ")}${more}.`,
      { tenant: tenant.slug },
    );
  }
  return remakes;
}

function labelOf({ kind, type }: Movable): string {
  return kind === "routine" || kind === "other" ? type.toLowerCase() : kind;
}
