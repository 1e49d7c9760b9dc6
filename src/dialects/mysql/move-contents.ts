import type { Statement } from "../../core/dialect.ts";
import type { Movable, MovableKind, MoveServer } from "../../core/move-sql.ts";
import { toText } from "./client-value.ts";
import { hexLiteral, quoteIdentifier } from "./identifier.ts";
import { MARK_TABLE } from "./mark.ts";
import { type IsSame, namesSchema, readTokens } from "./move-text.ts";

/** The table of `trial`; its triggers are called like it. */
export const TRIAL_NAME = "kirayedar_trial";

/** Tables that are made in each of the two schemas, and not moved. */
const NOT_MOVED: ReadonlySet<string> = new Set([MARK_TABLE, TRIAL_NAME]);

/** The same columns of each, as one union would mix their collations. */
function list(
  schemaName: string,
  source: string,
  columns: Readonly<Record<"schema" | "kind" | "name" | "type" | "parent" | "expression", string>>,
  more = "",
): Statement {
  return {
    params: [schemaName],
    text: `select x.${columns.schema} as schema_name, '${columns.kind}' as kind, x.${columns.name} as name,
  ${columns.type} as type, ${columns.parent} as parent, ${columns.expression} as expression
from information_schema.${source} x where x.${columns.schema} = ?${more}`,
  };
}

/** Everything in a schema; triggers in the order in which they fire. */
export function contents(schemaName: string): readonly Statement[] {
  const none = { expression: "null", parent: "null" };
  return [
    list(schemaName, "tables", {
      ...none,
      kind: "table",
      name: "table_name",
      schema: "table_schema",
      type: "x.table_type",
    }),
    list(
      schemaName,
      "triggers",
      {
        expression: "null",
        kind: "trigger",
        name: "trigger_name",
        parent: "x.event_object_table",
        schema: "trigger_schema",
        type: "concat(x.action_timing, ' ', x.event_manipulation)",
      },
      " order by x.event_object_table, x.action_timing, x.event_manipulation, x.action_order",
    ),
    list(schemaName, "routines", {
      ...none,
      kind: "routine",
      name: "routine_name",
      schema: "routine_schema",
      type: "x.routine_type",
    }),
    list(schemaName, "events", {
      ...none,
      kind: "event",
      name: "event_name",
      schema: "event_schema",
      type: "'EVENT'",
    }),
    list(
      schemaName,
      "columns",
      {
        expression: "x.column_default",
        kind: "default",
        name: "column_name",
        parent: "x.table_name",
        schema: "table_schema",
        type: "'DEFAULT'",
      },
      " and x.column_default like '%(%`%'",
    ),
    {
      params: [],
      text: `select null as schema_name, 'other' as kind, null as name, null as type, null as parent, null as expression from dual where 1 = 0
/*!90200 union all select library_schema, 'other', library_name, 'LIBRARY', null, null from information_schema.libraries where library_schema = ${hexLiteral(schemaName)} */`,
    },
  ];
}

/** Whoever may drop a database may drop its events and routines with it, without a right to see them. */
export function sight(
  schemaName: string,
): readonly { readonly of: string; readonly text: string }[] {
  const schema = quoteIdentifier(schemaName);
  return [
    { of: "events (right `EVENT`)", text: `show events from ${schema}` },
    {
      of: "routines (right `ALTER ROUTINE`)",
      text: `drop procedure if exists ${schema}.${quoteIdentifier(TRIAL_NAME)}`,
    },
  ];
}

/** Returns how a server compares the names of databases. */
export function comparison(server: MoveServer): IsSame {
  return server.isCaseSensitive
    ? (a, b) => a === b
    : (a, b) => a.length === b.length && a.toLowerCase() === b.toLowerCase();
}

/** Reads a row; the standard's own views compare names without regard to case on some servers. */
export function readMovable(
  row: Readonly<Record<string, unknown>>,
  schemaName: string,
  server: MoveServer,
): Movable | undefined {
  const isSame = comparison(server);
  if (!isSame(toText(row["schema_name"]) ?? "", schemaName)) return undefined;
  const movable: Movable = {
    expression: toText(row["expression"]),
    kind: (toText(row["kind"]) ?? "other") as MovableKind,
    name: toText(row["name"]) ?? "",
    table: toText(row["parent"]),
    type: toText(row["type"]) ?? "",
  };
  const { expression, kind, name, table, type } = movable;
  if (kind === "table") {
    if (NOT_MOVED.has(name)) return undefined;
    return type.endsWith("VIEW") ? { ...movable, kind: "view" } : movable;
  }
  if (kind === "trigger") return table === TRIAL_NAME ? undefined : movable;
  if (kind !== "default") return movable;
  // Only MariaDB has defaults that read a sequence, and only it shows a literal as one.
  const tokens = server.canPrepareAll ? readTokens(expression ?? "", server.sqlMode) : [];
  return namesSchema(tokens, schemaName, isSame) ? movable : undefined;
}

/** Statement that shows how something was made. */
export function show(schemaName: string, movable: Movable): string | undefined {
  const name = `${quoteIdentifier(schemaName)}.${quoteIdentifier(movable.name)}`;
  const { kind, type } = movable;
  if (kind === "routine") return `show create ${type.toLowerCase()} ${name}`;
  const isShown = kind === "view" || kind === "trigger" || kind === "event";
  return isShown ? `show create ${kind} ${name}` : undefined;
}
