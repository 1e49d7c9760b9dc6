import { TenancyError } from "../../errors/tenancy-error.ts";
import type { Holding } from "./holding.ts";
import {
  type Callback,
  type Command,
  isExecution,
  isPreparation,
  type PreparedStatement,
} from "./peer.ts";
import type { Run } from "./run.ts";
import { enterPreparation, enterQuery, observeExecution } from "./scoped-command.ts";

/** What `execute` is given, in one form. */
export interface Execution {
  /** Text and values, and how the result is read. */
  readonly options: { readonly sql: unknown; readonly values?: unknown };
  readonly callback: Callback | undefined;
}

/** Puts the ways to call `execute` into one. */
export function toExecution(sql: unknown, values: unknown, callback: unknown): Execution {
  const own = typeof values === "function" ? undefined : values;
  const called = typeof values === "function" ? values : callback;
  const options =
    typeof sql === "object" && sql !== null
      ? { ...(sql as Execution["options"]), values: (sql as Execution["options"]).values ?? own }
      : { sql, values: own };
  return { callback: typeof called === "function" ? (called as Callback) : undefined, options };
}

/** Runs a query in the scope of whoever holds the connection. May throw what `mysql2` throws. */
export function queryOn(holding: Holding, command: Command, run: Run): void {
  const { connection, owner, state } = holding;
  run.attach(holding);
  if (command.onResult) command.onResult = holding.answering(run, command.onResult);
  const adopt = (added: Command): void => {
    enterQuery(owner.commands, added, run);
    holding.follow(added);
  };
  state.adopting(adopt, () => connection.query(command));
}

/** Runs a prepared statement in the scope of whoever holds the connection. */
export function executeOn(
  holding: Holding,
  options: Execution["options"],
  run: Run,
  callback: Callback | undefined,
): Command {
  const { connection, state } = holding;
  run.attach(holding);
  const answer = callback && holding.answering(run, callback);
  return state.adopting(adoptPrepared(holding, run), () =>
    connection.execute(tagged(holding, options), answer),
  );
}

/** Prepares a statement in the scope of whoever holds the connection. */
export function prepareOn(
  holding: Holding,
  options: Execution["options"],
  run: Run,
  callback: (error: Error | null | undefined, statement?: PreparedStatement) => void,
): Command {
  const { connection, state } = holding;
  run.attach(holding);
  const answer = holding.answering(run, callback as Callback);
  return state.adopting(adoptPrepared(holding, run), () =>
    connection.prepare(tagged(holding, options), answer),
  );
}

/** Gives a command of a prepared statement to the connection of whoever holds it. */
export function addTo(holding: Holding, command: Command, run: Run): Command {
  const { connection, state } = holding;
  run.attach(holding);
  if (command.onResult) command.onResult = holding.answering(run, command.onResult);
  return state.adopting(adoptPrepared(holding, run), () => connection.addCommand(command));
}

// ISOLATION: what is found by its text alone is bound to whichever tenant's database was entered when it
// was prepared. leak/mysql2-statements.test.ts
function tagged({ database }: Holding, options: Execution["options"]): object {
  return { ...options, sql: `${database.tag}${String(options.sql)}` };
}

function adoptPrepared(holding: Holding, run: Run): (command: Command) => void {
  return (command) => {
    if (isPreparation(command)) enterPreparation(holding.owner.commands, command, run);
    else if (isExecution(command)) observeExecution(command, run);
    else {
      throw new TenancyError("UNSUPPORTED_DRIVER", "This version of `mysql2` is not known.");
    }
    holding.follow(command);
  };
}
