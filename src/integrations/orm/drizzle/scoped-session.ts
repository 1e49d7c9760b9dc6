import { releaseWhereNotBegun } from "../common/not-begun.ts";
import type { DrizzleSession, DrizzleTransaction, PreparedQuery } from "./peer.ts";

/** Calls a function in the scope of a session, and returns what it returns. */
export type Enter = <T>(fn: () => T) => T;

/** How the queries of a session are run. */
export interface SessionScope {
  /** Returns what enters the scope of a transaction that begins now. */
  readonly capture: () => Enter;
  /** Enters the scope of a query that is executed now. */
  readonly enter: Enter;
}

/**
 * Makes each query of a session, and of its transactions, run in one scope from beginning to end. A
 * cache is asked before a query, and told after it, and has to hear the same scope both times.
 */
export function scopeQueries(session: DrizzleSession, { capture, enter }: SessionScope): void {
  scopePrepared(session, enter);
  const transaction = transactionOf(session);
  define(session, "transaction", function (this: DrizzleSession, work: Work, config?: unknown) {
    const entered = capture();
    const scoped: Work = (tx) => {
      // ISOLATION: its connection is in the scope in which it began, wherever its function goes.
      // leak/orm/drizzle-cache.test.ts
      scopePrepared(tx.session, entered);
      return work(tx);
    };
    return transaction.call(this, scoped, config);
  });
}

type Work = (tx: DrizzleTransaction) => unknown;

/** Returns the method, to be called with a session of choice. */
function transactionOf(
  session: DrizzleSession,
): (this: DrizzleSession, work: Work, config: unknown) => unknown {
  return Reflect.get(session, "transaction");
}

function scopePrepared(session: DrizzleSession, enter: Enter): void {
  const prepare = session.prepareQuery.bind(session);
  define(session, "prepareQuery", (...args: unknown[]): PreparedQuery => {
    const prepared = prepare(...args);
    for (const name of ["all", "execute"] as const) {
      const run = prepared[name]?.bind(prepared);
      if (run === undefined) continue;
      // ISOLATION: `putTenant` may change the scope while the query runs, and the cache would keep its
      // rows for another tenant. leak/orm/drizzle-cache.test.ts
      define(prepared, name, (...values: unknown[]) => enter(() => run(...values)));
    }
    return prepared;
  });
}

/** The part of a pool from which a transaction takes its connection. */
interface ConnectionPool {
  connect?: () => Promise<object>;
  getConnection?: () => Promise<object>;
}

/** Has the transactions of a session give their connection back when they cannot begin. */
export function watchBeginnings(session: DrizzleSession): void {
  const transaction = transactionOf(session);
  define(session, "transaction", function (this: DrizzleSession, work: Work, config?: unknown) {
    const client = watchedPool(this.client);
    const watched: DrizzleSession =
      client === undefined ? this : Object.create(this, { client: { value: client } });
    return transaction.call(watched, work, config);
  });
}

function watchedPool(pool: object): object | undefined {
  for (const way of ["connect", "getConnection"] as const) {
    const take = (pool as ConnectionPool)[way]?.bind(pool);
    if (take === undefined) continue;
    return Object.create(pool, {
      [way]: { value: async () => releaseWhereNotBegun(await take()) },
    }) as object;
  }
  return undefined;
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { configurable: true, value, writable: true });
}
