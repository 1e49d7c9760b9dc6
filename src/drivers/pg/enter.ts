import { TenancyError } from "../../errors/tenancy-error.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { PgClient, TransactionStatus, Wire } from "./peer.ts";
import { ENTER_SESSION_TEXT, ENTER_TEXT, type ScopePath } from "./search-path.ts";

/** Where a statement enters a scope. */
interface EnterTarget {
  readonly scope: ScopePath;
  readonly state: ConnectionState;
}

const asIs = (value: unknown): unknown => value;

/**
 * Whether the next statement on a connection has to enter its scope first.
 *
 * In a transaction that has failed nothing can be entered, and nothing runs but its end.
 */
// ISOLATION: a chained transaction starts without the scope of the one before. leak/client.test.ts
export function mustEnter(status: TransactionStatus | null, state: ConnectionState): boolean {
  if (status === "E") return false;
  return status !== "T" || !state.isScoped;
}

/**
 * Writes what enters a scope, without the Sync that would end it: it and the statement that is
 * written next are one implicit transaction, so that a failure of the first cancels the second,
 * and the end of the second undoes the first.
 *
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
export function writeEnter(wire: Wire, scope: ScopePath, state: ConnectionState): void {
  for (const name of state.closing) {
    delete wire.parsedStatements[name];
    delete wire.submittedNamedStatements[name];
    wire.close({ name, type: "S" });
  }
  state.closing.clear();
  state.isScoped = false;
  state.touch(scope.schemaName);
  if (state.isNaming) {
    wire.stream.write(scope.enterMessage);
    return;
  }
  wire.parse({ text: ENTER_TEXT });
  wire.bind({ valueMapper: asIs, values: [...scope.params] });
  wire.execute({});
}

/**
 * Lets `submit` write a simple query whose text enters a scope first: the statements of one text are
 * one implicit transaction. A simple query that followed {@link writeEnter} would be left in an open
 * transaction by newer servers, as no Sync had ended the first message.
 */
export function submitWithEnter<T>(
  wire: Wire,
  scope: ScopePath,
  state: ConnectionState,
  submit: () => T,
): T {
  state.isScoped = false;
  state.touch(scope.schemaName);
  const query = wire.query.bind(wire);
  wire.query = (text) => query(scope.enterText + text);
  try {
    return submit();
  } finally {
    // What was shadowed is the prototype's.
    Reflect.deleteProperty(wire, "query");
  }
}

/** Makes an error of a text that {@link submitWithEnter} has lengthened point into the user's. */
export function shiftPosition(error: Error, scope: ScopePath): void {
  const at = Number((error as { readonly position?: unknown }).position);
  if (at > scope.enterText.length) {
    Object.assign(error, { position: String(at - scope.enterText.length) });
  }
}

/** Makes a session the scope's, until it is told otherwise. */
export async function enterSession(
  target: EnterTarget & { readonly client: PgClient },
): Promise<void> {
  try {
    await target.client.query(ENTER_SESSION_TEXT, [...target.scope.params]);
  } catch (error) {
    throw error instanceof Error ? enterError(error, target) : error;
  }
}

/** Returns what to tell the user about an error of the statement that enters a scope. */
export function enterError(error: Error, { scope, state }: EnterTarget): Error {
  const { code } = error as { readonly code?: unknown };
  if (code === "26000") {
    // A function that deallocates everything would make every later query on the connection fail.
    state.leave("destroy");
    return lostSession(error, scope.tenant);
  }
  const { schemaName, tenant } = scope;
  const whose = tenant === undefined ? "the global scope" : `tenant "${tenant}"`;
  if (code === "22012") {
    return new TenancyError(
      "SCHEMA_NOT_FOUND",
      `The schema "${schemaName}" of ${whose} was renamed or removed, and made again.`,
      { cause: error, remedy: "Look the tenant up again.", tenant },
    );
  }
  if (code !== "3F000") return error;
  return new TenancyError(
    "SCHEMA_NOT_FOUND",
    `The schema "${schemaName}" of ${whose} does not exist.`,
    { cause: error, tenant },
  );
}

/** Returns what to tell the user about a session that turned out to be shared with others. */
export function lostSession(cause: Error, tenant?: string): TenancyError {
  return new TenancyError("INVALID_CONFIG", "A connection does not keep its prepared statements.", {
    cause,
    remedy: 'If a transaction pooler stands between, give the driver `pooler: "transaction"`.',
    tenant,
  });
}
