import { TenancyError } from "../errors/tenancy-error.ts";
import { type ScriptStatement, splitStatements } from "./split-statements.ts";

const ENDS_TRANSACTION =
  /^(?:begin|start\s+transaction|commit|end|rollback(?!\s+to\b)|abort|prepare\s+transaction)\b/i;
const LEAVES_SCHEMA =
  /^(?:set\s+(?:session\s+)?(?:"?search_path\b|schema\b)|set\s+(?:session\s+|local\s+)?(?:"?role\b|session\s+authorization\b)|reset\s+(?:all|search_path|role)\b|discard\s+all\b)/i;
const SETS_PATH = /\bset_config\s*\(\s*'(?:search_path|role)'(?:[^()']|'[^']*')*,\s*false\s*\)/i;
const LEADING_COMMENT = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/;

/**
 * Splits a migration's text, and refuses what would end the transaction that it runs in, or that is
 * begun to record its statements one by one; and what would leave the schema that it is for.
 *
 * @throws TenancyError `MIGRATION_INVALID`
 */
// ISOLATION: a migration that changes the search path would change another tenant's tables. integration/migrate
export function checkScript(text: string, file: string): ScriptStatement[] {
  const statements = splitStatements(text);
  for (const { line, text: statement } of statements) {
    const bare = statement.replace(LEADING_COMMENT, "");
    const refuse = (what: string): never => {
      throw new TenancyError("MIGRATION_INVALID", `The migration ${file}:${line} ${what}.`);
    };
    if (bare.startsWith("\\")) refuse("has a command of psql, which the server does not know");
    if (LEAVES_SCHEMA.test(bare) || SETS_PATH.test(bare))
      refuse("leaves the schema that it is for");
    if (ENDS_TRANSACTION.test(bare)) refuse("begins or ends a transaction, which is not its own");
  }
  return statements;
}
