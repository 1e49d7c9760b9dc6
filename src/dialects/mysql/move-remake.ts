import type { Movable, MoveNames, MoveServer, Remake } from "../../core/move-sql.ts";
import { toText } from "./client-value.ts";
import { hexLiteral, quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { comparison, TRIAL_NAME } from "./move-contents.ts";
import {
  isWord,
  namesSchema,
  readHeader,
  readTokens,
  replaceSchema,
  type TextToken,
} from "./move-text.ts";

/** The row of a `show create` statement, read. */
interface Shown {
  readonly text: string;
  readonly sqlMode: string;
  /** Of the client that made it; its text is read anew in it. */
  readonly charset: string;
  readonly collation: string;
  readonly timeZone: string | null;
  /** Default collation of the database when it was made: parameters without one of their own have it. */
  readonly schemaCollation: string | null;
}

/** What the remaking of each kind works with. */
interface Task {
  readonly movable: Movable;
  readonly shown: Shown;
  readonly tokens: readonly TextToken[];
  readonly names: MoveNames;
  readonly server: MoveServer;
}

const TEXT_COLUMNS: readonly string[] = [
  "Create View",
  "Create Procedure",
  "Create Function",
  "Create Package",
  "Create Package Body",
  "SQL Original Statement",
  "Create Event",
];

/** Character sets of clients that send UTF-8, as this one does. */
const UTF8: ReadonlySet<string> = new Set(["utf8", "utf8mb3", "utf8mb4"]);

const isAscii = (text: string): boolean => !/[^\p{ASCII}]/u.test(text);

/** Says how something is made again, or why it cannot be. */
export function remake(
  movable: Movable,
  row: Readonly<Record<string, unknown>>,
  names: MoveNames,
  server: MoveServer,
): Remake | string {
  if (movable.kind === "other") return "is of a kind that cannot be moved";
  if (movable.kind === "default") return remakeDefault(movable, names, server);
  const shown = readShown(row, movable, server);
  if (shown === undefined) {
    return "cannot be read: the user has no right to see how it was made";
  }
  if (!canSend(shown, names, server)) {
    return `was made by a client with the character set ${shown.charset}, and has to be made again with utf8mb4 before it can be moved`;
  }
  const tokens = readTokens(shown.text, shown.sqlMode);
  const task: Task = { movable, names, server, shown, tokens };
  if (movable.kind === "view") return remakeView(task);
  if (movable.kind === "trigger") return remakeTrigger(task);
  if (namesSchema(tokens, names.from, comparison(server))) return namesOld(names);
  return movable.kind === "event" ? remakeEvent(task) : remakeRoutine(task);
}

function namesOld({ from }: MoveNames): string {
  return `names the database ${quoteIdentifier(from)} in its text, and would not follow it`;
}

function readShown(
  row: Readonly<Record<string, unknown>>,
  { kind }: Movable,
  server: MoveServer,
): Shown | undefined {
  const column = TEXT_COLUMNS.find((name) => row[name] !== undefined && row[name] !== null);
  if (column === undefined) return undefined;
  return {
    charset: toText(row["character_set_client"]) ?? "utf8mb4",
    collation: toText(row["collation_connection"]) ?? "utf8mb4_general_ci",
    schemaCollation: toText(row["Database Collation"]),
    // A view is stored as the server understood it, and shown in the session's own mode.
    sqlMode: kind === "view" ? server.sqlMode : (toText(row["sql_mode"]) ?? ""),
    text: toText(row[column]) ?? "",
    timeZone: toText(row["time_zone"]),
  };
}

/** A statement is read in the client's character set, whatever this connection really sends. */
function canSend({ charset, text }: Shown, { to }: MoveNames, server: MoveServer): boolean {
  if (UTF8.has(charset)) return true;
  return isAscii(to) && (isAscii(text) || server.canPrepareAll);
}

function remakeDefault(
  { expression, name, table }: Movable,
  names: MoveNames,
  server: MoveServer,
): Remake | string {
  const text = replaceSchema(expression ?? "", server.sqlMode, names, comparison(server));
  if (text === undefined) return ambiguous(names);
  const of = `${quoteIdentifier(names.to)}.${quoteIdentifier(table ?? "")}`;
  return {
    before: [],
    kind: "default",
    make: `alter table ${of} alter column ${quoteIdentifier(name)} set default (${text})`,
    name: `${table}.${name}`,
    remove: null,
    settings: null,
    trial: [],
  };
}

function ambiguous({ from }: MoveNames): string {
  return `uses the name of the database ${quoteIdentifier(from)} for something else too, so that nobody can tell the two apart`;
}

/** Views may name other databases, and this one by name; the server has put a name before everything. */
function remakeView(task: Task): Remake | string {
  const { movable, names, server, shown } = task;
  const isSame = comparison(server);
  const replaced = replaceSchema(shown.text, shown.sqlMode, names, isSame);
  if (replaced === undefined) return ambiguous(names);
  const header = readHeader(task.tokens, "VIEW");
  const name = task.tokens[(header?.at ?? 0) + 1];
  if (header === undefined || name === undefined) return "has a text that is not understood";
  const target = quoteIdentifier(names.to);
  // Before anything is moved, the same view over what it still reads: rights and validity show.
  const trial = shown.text.slice(0, name.start) + target + shown.text.slice(name.end);
  return {
    ...sending(task, replaced, `drop view if exists ${target}.${quoteIdentifier(movable.name)}`),
    remove: `drop view if exists ${quoteIdentifier(names.from)}.${quoteIdentifier(movable.name)}`,
    trial: [trial.replace(/^\s*create/i, "create or replace")],
  };
}

/** The original statement, as the standard's view leaves out introducers of strings. */
function remakeTrigger(task: Task): Remake | string {
  const { movable, names, shown, tokens } = task;
  const header = readHeader(tokens, "TRIGGER");
  const on = tokens.findIndex((token) => isWord(token, "ON"));
  const row = tokens.findIndex(
    (token, index) =>
      isWord(token, "ROW") && isWord(tokens[index - 1], "EACH") && isWord(tokens[index - 2], "FOR"),
  );
  if (header === undefined || on < 0 || row < on) return "has a text that is not understood";
  const [timing, event] = movable.type.split(" ");
  // Newer servers have triggers for several events, or columns, which the name of the event hides.
  if (!isWord(tokens[on - 1], event ?? "") || !isWord(tokens[on - 2], timing ?? "")) {
    return "is for more than one event, or for some columns only";
  }
  const hasOrder = isWord(tokens[row + 1], "FOLLOWS", "PRECEDES");
  const [body, ...rest] = tokens.slice(row + (hasOrder ? 3 : 1));
  if (body === undefined) return "has a text that is not understood";
  // What stands before it, where the database may have been named, is written anew.
  if (namesSchema([body, ...rest], names.from, comparison(task.server))) return namesOld(names);
  const to = quoteIdentifier(names.to);
  const name = quoteIdentifier(movable.name);
  const table = quoteIdentifier(movable.table ?? "");
  const text = `create ${header.definer}trigger ${name} ${movable.type} on ${table} for each row ${shown.text.slice(body.start)}`;
  const trial = `${to}.${quoteIdentifier(TRIAL_NAME)}`;
  return {
    ...sending(task, text, `drop trigger if exists ${to}.${name}`),
    remove: null,
    trial: [
      `create ${header.definer}trigger ${trial} before insert on ${trial} for each row set @kirayedar_text = null`,
      `drop trigger ${trial}`,
    ],
  };
}

function remakeEvent(task: Task): Remake | string {
  const { movable, names, shown, tokens } = task;
  const header = readHeader(tokens, "EVENT");
  if (header === undefined) return "has a text that is not understood";
  const to = quoteIdentifier(names.to);
  const name = quoteIdentifier(movable.name);
  const trial = `${to}.${quoteIdentifier(TRIAL_NAME)}`;
  return {
    ...sending(task, shown.text, `drop event if exists ${to}.${name}`),
    remove: `drop event if exists ${quoteIdentifier(names.from)}.${name}`,
    trial: [
      `drop event if exists ${trial}`,
      `create ${header.definer}event ${trial} on schedule every 1 year disable do set @kirayedar_text = null`,
      `drop event ${trial}`,
    ],
  };
}

/** A routine is not looked into when it is made, and so it can be made before its tables are there. */
function remakeRoutine(task: Task): Remake {
  const { movable, names, shown } = task;
  const kind = movable.type.toLowerCase();
  const name = quoteIdentifier(movable.name);
  return {
    ...sending(task, shown.text, `drop ${kind} if exists ${quoteIdentifier(names.to)}.${name}`),
    remove: `drop ${kind} if exists ${quoteIdentifier(names.from)}.${name}`,
    trial: [],
  };
}

/** How a text is sent, so that the server reads it as it did when it was made. */
function sending(
  { movable, names, shown }: Task,
  text: string,
  drop: string,
): Pick<Remake, "before" | "kind" | "make" | "name" | "settings"> {
  const { charset, collation, schemaCollation, sqlMode, timeZone } = shown;
  const before = [drop];
  if (schemaCollation !== null) {
    before.push(`alter database ${quoteIdentifier(names.to)} collate ${schemaCollation}`);
  }
  // What is prepared from a variable is converted; what is sent is taken for what it is said to be.
  const isConverted = !UTF8.has(charset) && !isAscii(text);
  if (isConverted) before.push(`set @kirayedar_text = ${hexLiteral(text)}`);
  return {
    before,
    kind: movable.kind,
    make: isConverted ? "execute immediate @kirayedar_text" : text,
    name: movable.name,
    settings: settingsText({ charset, collation, sqlMode, timeZone }),
  };
}

/** Settings that the server remembers with what is made under them. */
export function settingsText(settings: {
  readonly charset: string;
  readonly collation: string;
  readonly sqlMode: string;
  readonly timeZone: string | null;
}): string {
  const { charset, collation, sqlMode, timeZone } = settings;
  const zone = timeZone === null ? "" : `, time_zone = ${quoteLiteral(timeZone)}`;
  return `set character_set_client = ${charset}, collation_connection = ${collation}, sql_mode = ${quoteLiteral(sqlMode)}${zone}`;
}
