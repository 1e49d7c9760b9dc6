import type { Pool, PoolOptions } from "mysql2";
import type { DriverHost, QueryResult } from "../../core/driver.ts";
import { outsideScope, type Scope } from "../../core/scope.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { ScopedWire, TenantPool } from "../mysql/client-library.ts";
import {
  refuseStatement,
  type ScopeDatabase,
  ScopeDatabases,
} from "../mysql/connection-database.ts";
import { StatementInfos } from "../mysql/statement-info.ts";
import { bindCallback, bindEvents, refuse } from "./answer.ts";
import { boundPool } from "./bound-pool.ts";
import { resetConnection, rollBack } from "./clean-connection.ts";
import { ConnectionState, lost } from "./connection-state.ts";
import { Holding, type HoldingOwner } from "./holding.ts";
import { Lease, leaseOf, type LeaseSettings } from "./lease.ts";
import type {
  BasePool,
  Callback,
  ClientModule,
  Command,
  ConnectionConfig,
  RawConnection,
  TakeCallback,
} from "./peer.ts";
import { readFirst } from "./read-first.ts";
import { restoreTextOf } from "./reset-session.ts";
import { mayHoldSql, noText, Run } from "./run.ts";
import { executeOn, queryOn, toExecution } from "./statements.ts";

/** What a pool is made with, beside `mysql2`'s own options. */
export interface ScopedPoolSettings {
  /** The tenancy that it belongs to. */
  readonly host: DriverHost;
  /** Whether one text may hold several statements unasked. */
  readonly allowMultipleStatements: boolean;
  /** Whether every connection is reset before it is given on. */
  readonly alwaysResets: boolean;
}

/** The application's pool, with what takes a scope as an argument. */
export interface ScopedPool extends BasePool {
  /** Runs a query in a given scope; returns its command. */
  queryIn(scope: () => Scope, sql: unknown, values: unknown, callback: unknown): Command;
  /** Runs a prepared statement in a given scope. */
  executeIn(scope: () => Scope, sql: unknown, values: unknown, callback: unknown): void;
  /** Takes a connection for a given scope. */
  leaseIn(scope: () => Scope, callback: TakeCallback): void;
}

/** What one statement on the pool may read of the session: nothing that others have left. */
const NOTHING = { diagnostics: false, insertId: false } as const;

/**
 * Makes the subclass of one application's own pool of `mysql2`, and one pool of it.
 *
 * ISOLATION: the scope is read where `query`, `execute` and `getConnection` are entered, never later: a
 * waiting callback runs in the async context of whoever released the connection. leak/mysql2-isolation.test.ts
 */
export function createScopedPool(
  mysql2: ClientModule,
  options: PoolOptions,
  settings: ScopedPoolSettings,
): TenantPool<Pool> {
  const { host } = settings;
  const { logger } = host;
  const databases = new ScopeDatabases(host);
  const states = new WeakMap<RawConnection, ConnectionState>();
  // The only way to `mysql2`'s own reading of the options; it connects when it is first used.
  const seed = outsideScope(() => mysql2.createPool({ ...options, multipleStatements: true }));
  seed.end();
  const { connectionConfig } = seed.config;
  // ISOLATION: what escapes a scope finds no table. integration/mysql2/pool.test.ts
  connectionConfig.database = undefined;
  const restoreText = restoreTextOf(mysql2, connectionConfig);

  const owner: HoldingOwner = {
    commands: {
      allowMultipleStatements: settings.allowMultipleStatements,
      isOptionKnown: false,
      sendText: (connection, text) => {
        mysql2
          .createQuery(text, undefined, undefined, connectionConfig)
          .start(undefined, connection);
      },
    },
    giveBack,
    host,
    infos: new StatementInfos(settings.allowMultipleStatements),
    toPlainQuery,
  };

  function stateOf(connection: RawConnection): ConnectionState {
    let state = states.get(connection);
    if (state === undefined) {
      // ISOLATION: in some versions all connections share one object, which `changeUser` changes.
      // leak/mysql2-lease.test.ts
      if (connection.config === connectionConfig) connection.config = copyOf(connectionConfig);
      state = new ConnectionState(connection, logger);
      states.set(connection, state);
    }
    return state;
  }

  function giveBack({ connection, database, isLease, state }: Holding, destroy: boolean): void {
    if (destroy || state.trace === "destroy") return connection.destroy();
    // Nobody would read on.
    if (connection._paused === true) connection.resume();
    const end = (step: Promise<unknown>): void => {
      step.then(
        () => (state.isClean && !state.isOpen ? connection.release() : connection.destroy()),
        (error: unknown) => {
          logger.debug({ err: error }, "connection could not be cleaned: closed");
          connection.destroy();
        },
      );
    };
    if (isLease && state.isOpen) {
      logger.warn(
        { schemaName: database.schemaName, tenant: database.tenant },
        "connection released with an open transaction: rolled back",
      );
    }
    if (!state.isClean || settings.alwaysResets) {
      // ISOLATION: a reset also undoes what the application set when the connection was opened, such as
      // a role with fewer rights. leak/mysql2-session-traces.test.ts
      if (restoreText === undefined || pool.listenerCount("connection") > 0) {
        return connection.destroy();
      }
      // ISOLATION: settings, locks and temporary tables stay in the session. leak/mysql2-session-traces.test.ts
      return end(resetConnection(connection, state, restoreText));
    }
    // ISOLATION: an open transaction would go on under the next holder. leak/mysql2-lease.test.ts
    if (state.isOpen) return end(rollBack(connection, state));
    connection.release();
  }

  const scopeNow = (): Scope => {
    const scope = host.currentScope();
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A query was sent in no tenant's scope.");
    }
    return scope;
  };

  const unheard = (error: Error): void => {
    logger.warn({ err: error }, "nobody listens to the error of a query");
  };

  class Scoped extends mysql2.Pool {
    query(sql: unknown, values?: unknown, callback?: unknown): Command {
      return this.queryIn(scopeNow, sql, values, callback);
    }

    execute(sql: unknown, values?: unknown, callback?: unknown): void {
      this.executeIn(scopeNow, sql, values, callback);
    }

    override getConnection(callback: TakeCallback): void {
      this.leaseIn(scopeNow, callback);
    }

    override releaseConnection(connection: RawConnection): void {
      const lease = leaseOf(connection);
      if (lease !== undefined) return lease.release(false);
      if (connection._pool) return super.releaseConnection(connection);
      // One that is lost: `getConnection` is called for who waits, and `mysql2`'s own is meant.
      // ISOLATION: nobody else is called meanwhile, who would get a connection without a scope.
      // leak/mysql2-lease.test.ts
      const take = (callback: TakeCallback): void => this.#take(callback);
      Object.defineProperty(this, "getConnection", { configurable: true, value: take });
      try {
        super.releaseConnection(connection);
      } finally {
        Reflect.deleteProperty(this, "getConnection");
      }
    }

    queryIn(scope: () => Scope, sql: unknown, values: unknown, callback: unknown): Command {
      const command = mysql2.createQuery(sql, values, callback, connectionConfig);
      command.namedPlaceholders ??= connectionConfig.namedPlaceholders;
      const hasHiddenText =
        connectionConfig.queryFormat !== undefined || mayHoldSql(command.values);
      const run = newRun(command.sql, hasHiddenText);
      bindEvents(command, run);
      if (command.onResult) command.onResult = bindCallback(command.onResult);
      const fail = (error: Error): void => refuse(command, error);
      this.#runOnce(scope, command.sql, run, fail, (holding) => queryOn(holding, command, run));
      return command;
    }

    executeIn(scope: () => Scope, sql: unknown, values: unknown, callback: unknown): void {
      const { callback: own, options } = toExecution(sql, values, callback);
      const answer = bindCallback(own ?? (() => undefined));
      const fail = (error: Error): void => process.nextTick(answer, error);
      const run = newRun(options.sql, false);
      this.#runOnce(scope, options.sql, run, fail, (holding) => {
        executeOn(holding, options, run, answer);
      });
    }

    leaseIn(scope: () => Scope, callback: TakeCallback): void {
      const answer = bindCallback(callback as Callback);
      const fail = (error: Error): void => process.nextTick(answer, error);
      this.#hold(scope, true, fail, (holding) => {
        answer(null, new Lease(holding, leaseSettings).connection);
      });
    }

    /** Takes a connection for one statement; one that must not be sent takes none. */
    #runOnce(
      scope: () => Scope,
      sql: unknown,
      run: Run,
      fail: (error: Error) => void,
      start: (holding: Holding) => void,
    ): void {
      const refusalIn = (database: ScopeDatabase): Error | undefined =>
        typeof sql === "string" ? refuseStatement(run.info, database, NOTHING) : noText();
      this.#hold(
        scope,
        false,
        fail,
        (holding) => {
          try {
            start(holding);
          } catch (error) {
            // Such as values that cannot be written.
            fail(error as Error);
          }
          // When it has ended.
          holding.release(false);
        },
        refusalIn,
      );
    }

    /** Takes a connection for a scope, which is read now. */
    #hold(
      scope: () => Scope,
      isLease: boolean,
      fail: (error: Error) => void,
      use: (holding: Holding) => void,
      refusalIn?: (database: ScopeDatabase) => Error | undefined,
    ): void {
      let database: ScopeDatabase;
      try {
        database = databases.of(scope());
      } catch (error) {
        return fail(error as Error);
      }
      const refusal = refusalIn?.(database);
      if (refusal !== undefined) return fail(refusal);
      this.#take((error, connection) => {
        if (error || connection === undefined) return fail(error ?? lost());
        use(new Holding(owner, connection, stateOf(connection), database, isLease));
      });
    }

    // ISOLATION: whatever a socket calls would run in the scope of the request that opened it, and
    // query there. leak/mysql2-async-context.test.ts
    #take(callback: TakeCallback): void {
      outsideScope(() => super.getConnection(callback));
    }
  }

  const Query = mysql2.createQuery("", undefined, undefined, {}).constructor;
  const leaseSettings: LeaseSettings = {
    createQuery: (...args) => mysql2.createQuery(...args),
    isQuery: (value): value is Command => (value as object).constructor === Query,
    restoreText,
  };

  function newRun(sql: unknown, hasHiddenText: boolean): Run {
    const text = typeof sql === "string" ? sql : "";
    return new Run(text, owner.infos.of(text), hasHiddenText, unheard);
  }

  function toPlainQuery(text: string, values: readonly unknown[]): object {
    const { queryFormat, stringifyObjects, timezone } = connectionConfig;
    const options = { namedPlaceholders: false, nestTables: false, rowsAsArray: false };
    if (queryFormat === undefined) return { ...options, sql: text, values };
    return { ...options, sql: mysql2.format(text, values, stringifyObjects, timezone), values: [] };
  }

  const pool: ScopedPool = outsideScope(() => new Scoped({ config: seed.config }));
  return {
    end: () => endPool(pool),
    lease: (scope) => leaseWire(pool, scope, toPlainQuery),
    pool: pool as unknown as Pool,
    poolFor: (scope) => boundPool(pool, scope) as unknown as Pool,
    query: (scope, text, params = []) => {
      return new Promise((resolve, reject) => {
        pool.queryIn(() => scope, toPlainQuery(text, params), undefined, readBy(resolve, reject));
      });
    },
  };
}

/** Copies settings with their class, which `mysql2` asks for. */
function copyOf(config: ConnectionConfig): ConnectionConfig {
  const properties = Object.getOwnPropertyDescriptors(config);
  return Object.create(Object.getPrototypeOf(config) as object, properties) as ConnectionConfig;
}

/** Calls back with the first of what a statement has returned. */
function readBy<Row>(
  resolve: (result: QueryResult<Row>) => void,
  reject: (error: Error) => void,
): Callback {
  return (error, result, fields) => {
    if (error) reject(error);
    else resolve(readFirst<Row>(result, fields));
  };
}

function leaseWire(
  pool: ScopedPool,
  scope: Scope,
  toPlainQuery: (text: string, values: readonly unknown[]) => object,
): Promise<ScopedWire> {
  return new Promise((resolve, reject) => {
    pool.leaseIn(
      () => scope,
      (error, connection) => {
        if (error || connection === undefined) return reject(error ?? new Error("No connection."));
        resolve({
          query: (text, params = []) =>
            new Promise((done, fail) => {
              connection.query(toPlainQuery(text, params), undefined, readBy(done, fail));
            }),
          release: () => connection.release(),
        });
      },
    );
  });
}

function endPool(pool: ScopedPool): Promise<void> {
  if (pool._closed) return Promise.resolve();
  return new Promise((resolve) => {
    // An error means that the connection has ended already.
    pool.end(() => resolve());
  });
}
