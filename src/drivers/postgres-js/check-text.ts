import { scriptSql } from "../../dialects/postgres/script-sql.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

const LEADING_COMMENT = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)+/;
const CONTROLS_TRANSACTION =
  /^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i;
const LEAVES_TRACE =
  /^(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|listen|unlisten|discard|prepare|deallocate|load)\b|\b(?:temp|temporary)\s+(?:table|view|sequence|recursive)\b|\binto\s+(?:temp|temporary)\b|\bpg_temp\b|\bpg_(?:try_)?advisory_lock|\bwith\s+hold\b/i;
const SETS_CONFIG = /\bset_config"?\s*\(/i;
const SETS_LOCALLY = /\bset_config\s*\((?:[^()']|'[^']*')*,\s*true\s*\)/gi;

/** Nothing of what is looked for is in a text without one of these. */
const SUSPECT =
  /\b(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|listen|unlisten|discard|deallocate|load|temp|temporary|pg_temp|set_config|hold)\b|pg_\w*advisory_lock|set_config/i;

/**
 * Refuses text that would end the transaction which holds its scope, or leave something in the session:
 * the connection goes on to other tenants, and nothing but a transaction's end can be relied on to clean it.
 *
 * @throws TenancyError `INVALID_QUERY`
 */
// ISOLATION: after a `commit` of its own, the rest of a text would run on the role's own search path.
// integration/orm/postgres-js/tenant-sql.test.ts
export function checkText(text: string): void {
  if (!SUSPECT.test(text)) return;
  for (const statement of scriptSql.split(text)) {
    const bare = statement.text.replace(LEADING_COMMENT, "");
    if (CONTROLS_TRANSACTION.test(bare)) {
      throw new TenancyError("INVALID_QUERY", "A query begins or ends a transaction.", {
        remedy: "Use `sql.begin` and `savepoint`.",
      });
    }
    if (
      LEAVES_TRACE.test(withoutLiterals(bare)) ||
      SETS_CONFIG.test(bare.replaceAll(SETS_LOCALLY, ""))
    ) {
      throw new TenancyError("INVALID_QUERY", "A query leaves something in its session.", {
        remedy: "Use `set local` and the like, or a client of `tenancy.pool`, which is cleaned.",
      });
    }
  }
}

/** Empties what is quoted, where nothing in it is escaped in a way that would hide its end. */
function withoutLiterals(statement: string): string {
  return statement.includes("\\") ? statement : statement.replaceAll(/'(?:[^']|'')*'/g, "''");
}
