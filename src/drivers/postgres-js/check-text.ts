import { withoutComments } from "../../dialects/postgres/lexical.ts";
import { scriptSql } from "../../dialects/postgres/script-sql.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

const CONTROLS_TRANSACTION =
  /^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i;
const LEAVES_TRACE =
  /^(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|listen|unlisten|discard|prepare|deallocate|load)\b|\b(?:temp|temporary)\s+(?:table|view|sequence|recursive)\b|\binto\s+(?:temp|temporary)\b|\bpg_temp\b|\bpg_(?:try_)?advisory_lock|\bwith\s+hold\b|\bupdate\s+(?:pg_catalog\s*\.\s*)?pg_settings\b/i;
/** In a block, which may have its statements in quotes, too. */
const LEAVES_TRACE_IN_BLOCK =
  /(?:\b(?:begin|else|loop|then)\b|[;'$])\s*(?:set(?!\s+(?:local|transaction|constraints)\b)|reset|listen|unlisten|discard|prepare|deallocate|load)\b/i;
const IS_BLOCK = /^do\b/i;
const READS_SESSION = /\blastval"?\s*\(/i;
const SETS_CONFIG = /\bset_config"?\s*\(/i;
const SETS_LOCALLY = /\bset_config\s*\((?:[^()']|'[^']*')*,\s*true\s*\)/gi;

/** Nothing of what is looked for is in a text without one of these. */
const SUSPECT =
  /\b(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|listen|unlisten|discard|deallocate|load|temp|temporary|pg_temp|set_config|hold)\b|pg_\w*advisory_lock|set_config|lastval/i;

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
  for (const { text: bare } of scriptSql.split(withoutComments(text))) {
    if (CONTROLS_TRANSACTION.test(bare)) {
      throw new TenancyError("INVALID_QUERY", "A query begins or ends a transaction.", {
        remedy: "Use `sql.begin` and `savepoint`.",
      });
    }
    if (leavesTrace(bare)) {
      throw new TenancyError("INVALID_QUERY", "A query leaves something in its session.", {
        remedy: "Use `set local` and the like, or a client of `tenancy.pool`, which is cleaned.",
      });
    }
    // ISOLATION: the last number of the session may be one of another tenant.
    // unit/drivers/postgres-js/check-text.test.ts
    if (READS_SESSION.test(bare)) {
      throw new TenancyError(
        "INVALID_QUERY",
        "`lastval()` may tell the number of another tenant.",
        {
          remedy: "Use `returning`, or `currval` with the sequence's name.",
        },
      );
    }
  }
}

function leavesTrace(statement: string): boolean {
  const isBlock = IS_BLOCK.test(statement);
  if (SETS_CONFIG.test(statement.replaceAll(SETS_LOCALLY, ""))) return true;
  if (isBlock && LEAVES_TRACE_IN_BLOCK.test(statement)) return true;
  return LEAVES_TRACE.test(isBlock ? statement : withoutLiterals(statement));
}

/** Empties what is quoted, where nothing in it is escaped in a way that would hide its end. */
function withoutLiterals(statement: string): string {
  return statement.includes("\\") ? statement : statement.replaceAll(/'(?:[^']|'')*'/g, "''");
}
