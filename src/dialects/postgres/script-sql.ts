import type { ScriptSql } from "../../core/script-sql.ts";
import { splitStatements } from "./split-statements.ts";
import { unqualifyNames } from "./unqualify.ts";

const ENDS_TRANSACTION =
  /^(?:begin|start\s+transaction|commit|end|rollback(?!\s+to\b)|abort|prepare\s+transaction)\b/i;
const LEAVES_SCHEMA =
  /^(?:set\s+(?:session\s+)?(?:"?search_path\b|schema\b)|set\s+(?:session\s+|local\s+)?(?:"?role\b|session\s+authorization\b)|reset\s+(?:all|search_path|role)\b|discard\s+all\b)/i;
const SETS_PATH = /\bset_config\s*\(\s*'(?:search_path|role)'(?:[^()']|'[^']*')*,\s*false\s*\)/i;
const SETS_TRANSACTION =
  /^(?:set|reset|lock|declare|savepoint|release)\b|\bset_config"?\s*\(|\bpg_(?:try_)?advisory_/i;
const DEFINES =
  /^(?:alter\s+(?:table|index|type|sequence|view)|create\s+(?:unlogged\s+)?(?:table|type|sequence|(?:unique\s+)?index)|comment\s+on|drop\s+(?:table|index|type|view|sequence))\b/i;
// What has a query in it may call anything.
const LEAVES_TRACE =
  /\b(?:temp|temporary|pg_temp|select|values|execute|as\s+\(?\s*table|set_config|pg_\w*advisory\w*)\b/i;
// Rows that are there already are changed by it, or checked, and that may call anything too.
const CHANGES_ROWS =
  /^(?:alter\s+table\b[\s\S]*\b(?:(?:type|validate|attach)\b|(?:default|using|check|generated)\b[\s\S]*\()|create\s+(?:unique\s+)?index\b[\s\S]*(?:\bwhere\b|\([^()]*\())/i;
const HARMLESS_CALLS = /\b(?:now|gen_random_uuid)\s*\(\s*\)/gi;
const LEADING_COMMENT = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/;

/** The text of migrations on PostgreSQL. */
export const scriptSql: ScriptSql = {
  commits: () => false,
  isDefinition: (statement) => {
    const bare = statement.replace(LEADING_COMMENT, "");
    if (!DEFINES.test(bare) || LEAVES_TRACE.test(bare)) return false;
    return !CHANGES_ROWS.test(bare.replaceAll(HARMLESS_CALLS, "now"));
  },
  isForSession: () => false,
  // ISOLATION: a migration that changes the search path would change another tenant's tables. integration/migrate
  refusal: (statement) => {
    const bare = statement.replace(LEADING_COMMENT, "");
    if (bare.startsWith("\\")) return "has a command of psql, which the server does not know";
    if (LEAVES_SCHEMA.test(bare) || SETS_PATH.test(bare)) {
      return "leaves the schema that it is for";
    }
    if (ENDS_TRANSACTION.test(bare)) return "begins or ends a transaction, which is not its own";
    return undefined;
  },
  readsPrevious: () => undefined,
  runsOthers: () => false,
  setsTransaction: (statement) => SETS_TRANSACTION.test(statement.replace(LEADING_COMMENT, "")),
  split: splitStatements,
  unqualify: unqualifyNames,
};
