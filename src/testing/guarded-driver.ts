import type { Driver, QueryResult, Session, SessionOptions, Transaction } from "../core/driver.ts";
import type { Scope } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { asCallTree } from "./sandbox/scheduler.ts";

/** What a driver for tests is looked after by. */
export interface Guard {
  /** Whether everything is in a transaction that will be rolled back. */
  isOpen(): boolean;
  /** Called with the scope of every query on the pool. */
  onQuery(scope: Scope | undefined): void;
}

/**
 * Returns a driver that is another one, but refuses what a transaction cannot roll back while one is
 * open, and has nothing go past it.
 */
export function guardDriver<Pool>(driver: Driver<Pool>, guard: Guard): Driver<Pool> {
  const seen = <T>(scope: Scope, fn: () => T): T => {
    guard.onQuery(scope);
    return fn();
  };
  return {
    attach: (host) =>
      driver.attach({
        ...host,
        currentScope: () => {
          const scope = host.currentScope();
          guard.onQuery(scope);
          return scope;
        },
      }),
    close: () => driver.close(),
    defaultSchema: driver.defaultSchema,
    dialect: driver.dialect,
    name: driver.name,
    get pool() {
      return driver.pool;
    },
    poolFor: (scope) => driver.poolFor(scope),
    query: (scope, text, params) => seen(scope, () => driver.query(scope, text, params)),
    queryEach: async <Row>(
      scopes: readonly Scope[],
      text: string,
      params: readonly unknown[] | undefined,
      options: Parameters<Driver["queryEach"]>[3],
    ) => {
      if (!guard.isOpen()) return await driver.queryEach<Row>(scopes, text, params, options);
      // Its own connections know nothing of what the test has done.
      const outcomes: PromiseSettledResult<QueryResult<Row>>[] = [];
      for (const scope of scopes) {
        outcomes.push(...(await Promise.allSettled([driver.query<Row>(scope, text, params)])));
      }
      return outcomes;
    },
    session: async <T>(options: SessionOptions, fn: (session: Session) => Promise<T>) => {
      if (!guard.isOpen()) return await driver.session(options, fn);
      if (options.lock !== undefined) throw refused(options.lock);
      return await driver.session(options, (session) => fn(readOnly(session)));
    },
    ...(driver.shell !== undefined && { shell: (scope: Scope) => driver.shell?.(scope) as never }),
    subscribe: (channel, subscriber) => driver.subscribe(channel, subscriber),
    transaction: <T>(scope: Scope, fn: (tx: Transaction) => Promise<T>) =>
      seen(scope, () => asCallTree(() => driver.transaction(scope, fn))),
  };
}

/** Tenants are made ready in the background: whoever is at it is let go on later. */
const READY_LOCK = "kirayedar:ready:";

function refused(lock?: string): TenancyError {
  if (lock?.startsWith(READY_LOCK) === true) {
    return new TenancyError("TENANT_BUSY", `The lock "${lock}" is not taken in a test.`);
  }
  return new TenancyError(
    "SANDBOX_REFUSED",
    "Tenants are made, changed and migrated on connections of their own, which a test cannot roll back.",
  );
}

/** What is only read does not wait for what the test has locked. */
function readOnly(session: Session): Session {
  const refuse = (): Promise<never> => Promise.reject(refused());
  return {
    query: (scope, text, params) => session.query(scope, text, params),
    queryOutsideTransaction: refuse,
    script: refuse,
    transaction: refuse,
  };
}
