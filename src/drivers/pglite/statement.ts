import { withoutComments } from "../../dialects/postgres/lexical.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

const TRANSACTION_CONTROL =
  /^\s*(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\b/i;

/**
 * Refuses a single statement that only makes sense beside others. It would run in a transaction of
 * its own, and a `rollback` that undoes nothing must not pass for one.
 *
 * @throws TenancyError `INVALID_QUERY`, `TRANSACTION_LEFT_OPEN`
 */
export function checkSingle(text: string): void {
  if (typeof text !== "string") {
    throw new TenancyError("INVALID_QUERY", "A query has no text.");
  }
  if (TRANSACTION_CONTROL.test(withoutComments(text))) {
    throw new TenancyError(
      "TRANSACTION_LEFT_OPEN",
      "A single query cannot begin or end a transaction.",
      { remedy: "Use `tenancy.transaction(fn)` or `tenancy.pool.transaction(fn)`." },
    );
  }
}

/** Whether an error says that the statement refuses a transaction around it; nothing was done. */
export function refusesTransaction(error: unknown): boolean {
  return (error as { routine?: unknown } | null)?.routine === "PreventInTransactionBlock";
}

/** Returns the error of several statements in one text as ours, and any other as it is. */
export function explainStatement(error: unknown): unknown {
  const { code, routine } = error as { readonly code?: unknown; readonly routine?: unknown };
  if (code !== "42601" || routine !== "exec_parse_message") return error;
  return new TenancyError("MULTIPLE_STATEMENTS", "One query text holds several statements.", {
    cause: error,
    remedy: "Send them one by one, or use `tenancy.pool.exec(text)` with text that you trust.",
  });
}
