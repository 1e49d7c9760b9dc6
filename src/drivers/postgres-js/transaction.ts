import { AsyncResource } from "node:async_hooks";
import { outsideScope, type Scope } from "../../core/scope.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { createFacade } from "./facade.ts";
import type { QueryLike, TransactionMaker } from "./peer.ts";
import { readText, readyQuery, scopeMissing, type Sending } from "./send-scoped.ts";

type Body = (tx: TransactionMaker) => unknown;

/** Runs `sql.begin`: in one scope, which is entered before the function is called. */
export async function beginScoped(
  { entries, sql }: Sending,
  scope: Scope | undefined,
  args: readonly unknown[],
): Promise<unknown> {
  if (scope === undefined) throw scopeMissing();
  const { fn, text } = toBody(args);
  const enter = await entries.prepare(scope);
  // It is called by the connection, which knows of nobody's async context.
  const body = AsyncResource.bind(async (tx: TransactionMaker): Promise<unknown> => {
    await enter(tx);
    return runBody(tx, fn);
  });
  return outsideScope(() => sql.begin(text ?? "", body));
}

function toBody([first, second]: readonly unknown[]): { fn: Body; text: string | undefined } {
  const fn = typeof first === "function" ? first : second;
  if (typeof fn === "function") {
    return { fn: fn as Body, text: typeof first === "string" ? first : undefined };
  }
  throw new TenancyError("INVALID_QUERY", "A transaction was begun without a function.");
}

/** Calls the function of a transaction, or of a savepoint in it, with what ends when it does. */
async function runBody(tx: TransactionMaker, fn: Body): Promise<unknown> {
  let hasEnded = false;
  const { handler } = tx.unsafe("");
  const sendHere = async (query: QueryLike, path: string | undefined): Promise<void> => {
    try {
      if (path !== undefined) await readText(query, path);
      readyQuery(query);
      // ISOLATION: the connection is somebody else's by then. integration/orm/postgres-js/tenant-sql.test.ts
      if (hasEnded) throw ended();
      handler(query);
    } catch (error) {
      query.reject(error);
    }
  };
  const savepoint = async (...args: unknown[]): Promise<unknown> => {
    if (hasEnded) throw ended();
    const inner = toBody(args);
    const body = AsyncResource.bind((deeper: TransactionMaker) => runBody(deeper, inner.fn));
    return inner.text === undefined ? tx.savepoint(body) : tx.savepoint(inner.text, body);
  };
  const facade = createFacade(
    tx,
    (query, path) => {
      query.handler = (one) => sendHere(one, path);
    },
    { savepoint },
  );
  try {
    const made = fn(facade);
    return await (Array.isArray(made) ? Promise.all(made as unknown[]) : made);
  } finally {
    hasEnded = true;
  }
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A transaction was used after its end.");
}
