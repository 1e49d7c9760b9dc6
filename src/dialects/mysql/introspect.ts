import type { Statement } from "../../core/dialect.ts";
import type {
  IntrospectedRows,
  Introspection,
  IntrospectRequest,
  IntrospectSql,
  SchemaPart,
} from "../../core/introspect-sql.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { toText } from "./client-value.ts";
import { hexLiteral, quoteIdentifier } from "./identifier.ts";
import { splitTable, withoutDefiner } from "./introspect-text.ts";
import { MARK_TABLE } from "./mark.ts";
import { TRIAL_NAME } from "./move-contents.ts";

type Row = IntrospectedRows[number];

/** Describing databases on MySQL and MariaDB. */
export const introspectSql: IntrospectSql = {
  list: (prefix) => ({
    params: [prefix.length, prefix],
    text: "select s.schema_name as name from information_schema.schemata s where left(s.schema_name, ?) = ?",
  }),
  read,
  spellings: (schemaName) => [
    schemaName,
    quoteIdentifier(schemaName),
    schemaName.replaceAll("'", "''"),
  ],
};

/**
 * The standard's views say what there is; how it is made, `show create` says, one at a time. In the
 * scope of the database it leaves the database's name out. What the user has no right to see is not
 * there for it.
 */
function* read(request: IntrospectRequest): Introspection {
  const { schemaName } = request;
  const [database = {}]: IntrospectedRows = yield about(
    schemaName,
    `select @@sql_mode as sql_mode, s.default_character_set_name as charset,
  s.default_collation_name as collation from information_schema.schemata s where s.schema_name = ?`,
  );
  const defaults = `character set ${word(database, "charset")} collate ${word(database, "collation")}`;
  const triggers: IntrospectedRows = yield about(schemaName, TRIGGERS);
  const events: IntrospectedRows = yield about(schemaName, EVENTS);
  const libraries: IntrospectedRows = yield { params: [], text: librariesSql(schemaName) };
  return [
    say("database", "defaults", defaults),
    ...(yield* readTables(request, word(database, "sql_mode"))),
    ...(yield* readRoutines(schemaName)),
    ...triggers.map((row) =>
      say("trigger", word(row, "name"), describeTrigger(row), word(row, "parent")),
    ),
    ...events.map((row) => say("event", word(row, "name"), describeEvent(row))),
    ...libraries.map((row) => say("library", word(row, "name"), word(row, "text"))),
  ];
}

function* readTables({ except, schemaName }: IntrospectRequest, sqlMode: string): Introspection {
  const leftOut = new Set([...except, MARK_TABLE, TRIAL_NAME]);
  const rows: IntrospectedRows = yield about(
    schemaName,
    "select t.table_name as name, t.table_type as type from information_schema.tables t where t.table_schema = ?",
  );
  const parts: SchemaPart[] = [];
  for (const row of rows) {
    const name = word(row, "name");
    const type = word(row, "type").toUpperCase();
    // Newer servers list the tables of this session alone, too.
    if (leftOut.has(name) || type === "TEMPORARY") continue;
    const kind = type.endsWith("VIEW") ? "view" : type === "SEQUENCE" ? "sequence" : "table";
    const text = readShown(yield show(kind, name), kind, name);
    if (kind === "view") parts.push(say(kind, name, withoutDefiner(text, sqlMode, kind)));
    else if (kind === "sequence") parts.push(say(kind, name, text));
    else {
      for (const { definition, kind: piece, own } of splitTable(text, sqlMode)) {
        parts.push(own === null ? say(piece, name, definition) : say(piece, own, definition, name));
      }
    }
  }
  return parts;
}

function* readRoutines(schemaName: string): Introspection {
  const rows: IntrospectedRows = yield about(
    schemaName,
    "select r.routine_name as name, r.routine_type as type, r.sql_mode as sql_mode from information_schema.routines r where r.routine_schema = ?",
  );
  const parts: SchemaPart[] = [];
  for (const row of rows) {
    const name = word(row, "name");
    const kind = word(row, "type").toLowerCase();
    const text = readShown(yield show(kind, name), kind, name);
    const [first = kind] = kind.split(" ");
    const made = withoutDefiner(text, word(row, "sql_mode"), first);
    parts.push(say(kind, name, `${made}\n${mode(row)}`));
  }
  return parts;
}

/** Libraries of code are only MySQL's, and new. */
function librariesSql(schemaName: string): string {
  return `select null as name, null as text from dual where 1 = 0
/*!90200 union all select library_name, library_definition from information_schema.libraries where library_schema = ${hexLiteral(schemaName)} */`;
}

const TRIGGERS = `select g.trigger_name as name, g.event_object_table as parent, g.action_timing as timing,
  g.event_manipulation as event, g.action_order as place, g.action_statement as text, g.sql_mode as sql_mode
from information_schema.triggers g where g.trigger_schema = ?`;

function describeTrigger(row: Row): string {
  const header = `${word(row, "timing")} ${word(row, "event")}, number ${word(row, "place")}`;
  return `${header}\n${word(row, "text")}\n${mode(row)}`;
}

/** Without the times at which it begins, ends or happens: they are those of its making, if not given. */
const EVENTS = `select e.event_name as name, e.event_type as type, e.interval_value as value, e.interval_field as unit,
  e.on_completion as completion, e.status as status, e.event_comment as remark,
  e.event_definition as text, e.sql_mode as sql_mode
from information_schema.events e where e.event_schema = ?`;

function describeEvent(row: Row): string {
  const every =
    row["value"] === null ? "at one time" : `every ${word(row, "value")} ${word(row, "unit")}`;
  const header = `${every}, on completion ${word(row, "completion")}, ${word(row, "status")}`;
  return `${header}\n${word(row, "remark")}\n${word(row, "text")}\n${mode(row)}`;
}

/** What the text means depends on it, so the server remembers it with the text. */
function mode(row: Row): string {
  return `sql_mode ${word(row, "sql_mode")}`;
}

function say(kind: string, name: string, definition: string, table?: string): SchemaPart {
  return { definition: definition.trim(), kind, name, table: table ?? null };
}

function about(schemaName: string, text: string): Statement {
  return { params: [schemaName], text };
}

function show(kind: string, name: string): Statement {
  return { params: [], text: `show create ${kind} ${quoteIdentifier(name)}` };
}

/** The text is in a column such as `Create View`; it is null for who may not see it. */
function readShown(rows: IntrospectedRows, kind: string, name: string): string {
  const [, text] = Object.entries(rows[0] ?? {}).find(([key]) => key.startsWith("Create ")) ?? [];
  const shown = toText(text);
  if (shown !== null) return shown;
  throw new TenancyError(
    "SCHEMA_NOT_READABLE",
    `The database user may not see how the ${kind} ${quoteIdentifier(name)} is made.`,
  );
}

function word(row: Row, column: string): string {
  return toText(row[column]) ?? "";
}
