import type { SessionScriptOptions } from "../../core/driver.ts";
import { enterError } from "./enter.ts";
import { type Execution, whenReady } from "./execute.ts";
import { busyError, tryLockSql } from "./lock.ts";
import { isStatementError } from "./peer.ts";
import type { Target } from "./scoped-query.ts";
import { RESET_TEXT, type SessionTrace, traceOf } from "./statement-info.ts";

/** What removes the traces of the texts before. */
const RESETS: Readonly<Record<SessionTrace, string>> = {
  destroy: `${RESET_TEXT}; deallocate all; `,
  none: "",
  reset: `${RESET_TEXT}; `,
};

/**
 * Runs trusted text of any number of statements in a scope, on a session that other texts, of other
 * tenants, have run on: one message, which is one transaction.
 *
 * @throws TenancyError `TENANT_BUSY`, `SCHEMA_NOT_FOUND`; the driver's error
 */
export async function runScript(
  execution: Pick<Execution, "onSchemaMissing">,
  target: Target,
  text: string,
  { leavesNothing = false, lock }: SessionScriptOptions,
): Promise<void> {
  const { client, scope, state } = target;
  // ISOLATION: what the text before has left in the session is another tenant's. integration/pg/session-script.test.ts
  const reset = RESETS[state.trace];
  const enter = lock === undefined ? scope.enterText : scope.enterTextWith(tryLockSql(lock));
  state.isScoped = false;
  state.touch(scope.schemaName);
  // A function that is called may leave anything, whatever the text looks like.
  state.leave(leavesNothing ? "none" : traceOf(text) === "destroy" ? "destroy" : "reset");
  const counter = countStatements(target);
  try {
    await client.query(`${reset}${enter}${text}`);
  } catch (error) {
    // The server tells of an error before it has let go of what the text held.
    if (isStatementError(error)) await new Promise<void>((done) => whenReady(target, done));
    // The reset has no semicolon but between its statements.
    const statementsBefore = reset.split(";").length - 1;
    if (counter.count() !== statementsBefore || !(error instanceof Error)) throw error;
    const busy = lock === undefined ? undefined : busyError(error, lock);
    if (busy !== undefined) throw busy;
    const said = enterError(error, target);
    if ((said as { code?: unknown }).code === "SCHEMA_NOT_FOUND") {
      execution.onSchemaMissing(scope.schemaName);
    }
    throw said;
  } finally {
    counter.stop();
  }
}

/** Counts the statements that end on a connection: which one failed is not told otherwise. */
function countStatements({ client: { connection } }: Target): { count(): number; stop(): void } {
  let count = 0;
  const listener = (): void => void (count += 1);
  connection.on("commandComplete", listener);
  return { count: () => count, stop: () => void connection.off("commandComplete", listener) };
}
