import type { ScriptSql } from "../../core/script-sql.ts";
import { splitStatements } from "./split-statements.ts";
import { readString, readToken } from "./tokens.ts";
import { unqualifyNames } from "./unqualify.ts";

const LEAVES_DATABASE =
  /^(?:use|(?:create(?: or replace)?|drop) (?:database|schema)|alter (?:database|schema)(?! (?:default|character|collate)\b))\b/;
const ENDS_TRANSACTION =
  /^(?:begin(?! not atomic\b)|start transaction|commit|rollback(?!(?: work)? to\b)|xa)\b/;
const LOCKS =
  /^(?:(?:un)?lock (?:tables?|instance)|flush .*(?:with read lock|for export)|backup (?:stage|(?:un)?lock))\b/;
/** `\N` is a null. */
const CLIENT_COMMAND = /^(?:source|delimiter)\b|\\(?! n\b)/;
const KEEPS_TRANSACTION =
  /^(?:\( )*(?:insert|update|delete|replace|load (?:data|xml)|select|with|values|table|do|savepoint|release savepoint|rollback(?: work)? to|show|explain|describe|desc|prepare|deallocate prepare|drop prepare)\b/;
const RUNS_OTHERS = /^(?:call|execute|begin|if|case|loop|while|repeat|for|[^ ]+ : (?!=))/;
const PREPARES = /^(?:deallocate |drop )?prepare\b/;
const READS_INTO_VARIABLE = /^(?:\( )*(?:select|with)\b.* (?:into @ |@ [^ ]+ : =)/;
const READS_COUNT = /\b(?:row_count|found_rows)`? \( \)/;
const READS_ID =
  /\blast_insert_id`? \( \)|@ @ (?:(?:session|local) \. )?(?:last_insert_id|identity)\b/;
const IS_OF_SERVER =
  /^(?:global|persist|persist_only|password|default role)\b|^@ @ (?:global|persist)/;
const SETTINGS_OF_OURS =
  /^(?:(?:session|local) |@ @ (?:(?:session|local) \. )?)?`?(?:autocommit|completion_type)`? /;

/** The text of migrations on MySQL and MariaDB. */
export const scriptSql: ScriptSql = {
  // What is not known to leave the transaction open counts as ending it: a procedure may do anything.
  commits: (statement) => {
    const { text, within } = readShape(statement);
    if (within !== undefined) return scriptSql.commits(within);
    if (text.startsWith("set ")) return !scriptSql.isForSession(statement);
    return !KEEPS_TRANSACTION.test(text);
  },
  isForSession: (statement) => {
    const { text, within } = readShape(statement);
    if (within !== undefined) return false;
    if (text.startsWith("set ")) return !assignments(text).some((one) => IS_OF_SERVER.test(one));
    return PREPARES.test(text) || READS_INTO_VARIABLE.test(text);
  },
  readsPrevious: (statement) => {
    const { text, within } = readShape(statement);
    if (within !== undefined) return scriptSql.readsPrevious(within);
    // What is made, and what blocks run, reads what its own statements have left.
    if (!KEEPS_TRANSACTION.test(text) && !/^(?:set|call) /.test(text)) return undefined;
    if (READS_COUNT.test(text)) return "count";
    return READS_ID.test(text) ? "id" : undefined;
  },
  refusal: (statement) => {
    const { literal, text, within } = readShape(statement);
    if (within !== undefined) return scriptSql.refusal(within);
    if (CLIENT_COMMAND.test(text)) {
      return "has a command of the client `mysql`, which the server does not know";
    }
    // ISOLATION: the statements that follow would change another tenant's tables. integration/mysql/migrate.test.ts
    if (LEAVES_DATABASE.test(text)) {
      return "leaves the database that it is for, or makes, changes or removes one";
    }
    if (ENDS_TRANSACTION.test(text) || (text.startsWith("set ") && changesOurs(text))) {
      return "begins or ends a transaction, which is not its own";
    }
    if (LOCKS.test(text)) return "locks tables, so that its progress could not be recorded";
    if (text.startsWith("set ") && /\bno_backslash_escapes\b/i.test(statement)) {
      return "turns off the backslash escapes, with which its text was read";
    }
    // ISOLATION: prepared text can leave the database too. unit/dialects/mysql/script-sql.test.ts
    return literal === undefined ? undefined : refusalOfAny(literal);
  },
  runsOthers: (statement) => RUNS_OTHERS.test(readShape(statement).text),
  isDefinition: () => false,
  setsTransaction: () => false,
  split: splitStatements,
  unqualify: unqualifyNames,
};

function refusalOfAny(script: string): string | undefined {
  for (const { text } of splitStatements(script)) {
    const refusal = scriptSql.refusal(text);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function changesOurs(text: string): boolean {
  return assignments(text).some((one) => SETTINGS_OF_OURS.test(one));
}

/** Returns what a `set` sets, one text each. */
function assignments(text: string): string[] {
  let depth = 0;
  const parts = [""];
  for (const token of text.slice("set ".length).split(" ")) {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    if (token === "," && depth === 0) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${token} `);
  }
  return parts;
}

/** A statement as it is looked at here. */
interface Shape {
  /** Its tokens in lower case with one space between them, without comments; strings are empty, names one word. */
  readonly text: string;
  /** What `prepare … from` or `execute immediate` is given, where it is a literal. */
  readonly literal: string | undefined;
  /** The statement behind `set statement … for`. */
  readonly within: string | undefined;
}

function readShape(statement: string): Shape {
  const tokens: string[] = [];
  let depth = 0;
  let literal: string | undefined;
  let within: string | undefined;
  for (let position = 0; position < statement.length;) {
    const { end, kind } = readToken(statement, position, { isInComment: depth > 0 });
    const text = statement.slice(position, end);
    position = end;
    if (kind === "open") depth += 1;
    else if (kind === "close") depth -= 1;
    else if (kind === "string") {
      const isPrepared = tokens[0] === "prepare" || tokens[0] === "execute";
      const last = tokens.at(-1);
      if (isPrepared && (last === "from" || last === "immediate")) literal = readString(text);
      tokens.push("''");
    } else if (kind === "name") tokens.push(text.toLowerCase().replaceAll(/[^\w`]/g, "_"));
    else if (kind !== "space") {
      tokens.push(text.toLowerCase());
      const isBefore = text.toLowerCase() === "for" && tokens[0] === "set";
      if (isBefore && tokens[1] === "statement") within ??= statement.slice(end);
    }
  }
  return { literal, text: tokens.join(" "), within };
}
