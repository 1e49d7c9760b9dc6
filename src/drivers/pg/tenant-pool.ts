import type pgModule from "pg";
import type { Pool, PoolConfig } from "pg";
import type { DriverHost } from "../../core/driver.ts";
import { GLOBAL_SCOPE, outsideScope, type Scope } from "../../core/scope.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { answer } from "./answer.ts";
import { type ConnectionLimits, ConnectionState } from "./connection-state.ts";
import { type Execution, execute, whenReady } from "./execute.ts";
import { Lease, type LeaseOwner, toQueryConfig } from "./lease.ts";
import {
  type Aftermath,
  type Callback,
  isSubmittable,
  type PgClient,
  type PgQueryClass,
  type QueryConfig,
  type Submittable,
} from "./peer.ts";
import { refusePrisma } from "./refuse-prisma.ts";
import type { ScopePaths } from "./search-path.ts";
import { scopedQueryClass, type Target } from "./scoped-query.ts";
import { RESET_TEXT, StatementInfos } from "./statement-info.ts";

/** What a {@link TenantPool} is made with, beside `pg.Pool`'s own options. */
export interface TenantPoolSettings {
  /** The tenancy that it belongs to. */
  readonly host: DriverHost;
  /** What is known of scopes, for all pools of a driver. */
  readonly paths: ScopePaths;
  /** Bounds of what each connection keeps. */
  readonly limits: ConnectionLimits;
  /** Whether a transaction pooler stands between. */
  readonly isPooled: boolean;
  /** Whether connections go from one tenant to the next without a reset of their session. */
  readonly isShared: boolean;
  /** Whether one text may hold several statements unasked. */
  readonly allowMultipleStatements: boolean;
  /** Whether the application prepares every new connection itself, by an option of `pg.Pool`. */
  readonly isPrepared: boolean;
}

/** The application's `pg.Pool`, in which every query runs in the scope where it was called. */
export type TenantPool = Pool & {
  /** Runs one statement in a given scope. */
  queryIn(scope: Scope, config: QueryConfig, callback: Callback): void;
  /** Takes a client for a given scope. */
  connectIn(scope: Scope, callback: ConnectCallback): void;
  /** Takes a connection for work in several scopes, one after the other. */
  borrow(): Promise<Borrowed>;
};

/** A connection that is used in several scopes, one after the other, by this driver alone. */
export interface Borrowed {
  /** The connection itself; what is sent on it enters no scope. */
  readonly client: PgClient;
  /** How statements run. */
  readonly execution: Execution;
  /** The connection in one scope. */
  at(scope: Scope): Target;
  /**
   * Gives it back clean, or closes it; resolves when nothing of it is left in the session.
   *
   * @param wasWatched - whether all that was run on it was looked at for what it leaves
   */
  giveBack(destroy: boolean, wasWatched?: boolean): Promise<void>;
}

/** How a client is handed to callback style. */
export type ConnectCallback = (
  error: Error | undefined,
  client?: PgClient,
  release?: (destroy?: boolean | Error) => void,
) => void;

/** What hears of a pool's events. */
type PoolListener = (subject: Error & PgClient) => void;

/** The part of `pg.Pool` that is built on; its many overloads are one implementation. */
interface BasePool {
  connect(callback?: (error: Error | undefined, client: PgClient) => void): unknown;
  newClient(waiting: unknown): void;
  end(callback?: () => void): Promise<void> | undefined;
  /** Who waits for a connection. */
  readonly _pendingQueue?: { readonly callback: (error: Error) => void }[];
  on(event: "error" | "connect", listener: PoolListener): void;
  listenerCount(event: "connect"): number;
}

/**
 * Makes the subclass of one application's own `pg.Pool`, and one pool of it.
 *
 * ISOLATION: the scope is read where `query` and `connect` are entered, never later: a waiting
 * callback runs in the async context of whoever released the client. leak/isolation.test.ts
 */
export function createTenantPool(
  pg: typeof pgModule,
  config: PoolConfig,
  settings: TenantPoolSettings,
): TenantPool {
  const { host, limits, paths } = settings;
  const states = new WeakMap<PgClient, ConnectionState>();
  const execution: Execution = {
    Query: scopedQueryClass(pg.Query as unknown as PgQueryClass),
    allowMultipleStatements: settings.allowMultipleStatements,
    infos: new StatementInfos(),
    isPooled: settings.isPooled,
    isShared: settings.isShared,
    onSchemaMissing: (schemaName) => host.onSchemaMissing(schemaName),
  };

  const target = (client: PgClient, scope: Scope): Target => {
    let state = states.get(client);
    if (state === undefined) {
      state = new ConnectionState(limits);
      states.set(client, state);
    }
    return { client, scope: paths.of(scope), state };
  };

  const owner: LeaseOwner = {
    execution,
    giveBack: ({ client, state }, destroy, done) => {
      const release = (reason?: boolean | Error): void => {
        client.release(reason);
        done?.();
      };
      if (destroy || state.isWorn || state.trace === "destroy") return release(destroy || true);
      if (state.trace === "none") return release();
      // ISOLATION: a reset also undoes what the application set when the connection was opened, such
      // as a role with fewer rights. leak/session-traces.test.ts
      if (settings.isPrepared || pool.listenerCount("connect") > 1) return release(true);
      // ISOLATION: settings, locks and temporary tables stay in the session. leak/client.test.ts
      client.query(RESET_TEXT, (error: Error | null) => {
        if (!error) state.trace = "none";
        release(error ?? undefined);
      });
    },
    logger: host.logger,
  };

  const scopeNow = (): Scope => {
    const scope = host.currentScope();
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A query was sent in no tenant's scope.");
    }
    return scope;
  };

  const Base = pg.Pool as unknown as new (config: PoolConfig) => BasePool;

  class ScopedPool extends Base {
    constructor() {
      super(config);
      // `pg` crashes the process for an idle connection that is lost, unless somebody listens.
      this.on("error", (error) => host.logger.warn({ err: error }, "idle connection lost"));
      this.on("connect", (client) => {
        client.on("error", (error) => host.logger.debug({ err: error }, "connection lost"));
      });
    }

    override connect(callback?: unknown): Promise<unknown> | undefined {
      return answer(callback as Callback | undefined, (done) => {
        this.connectIn(scopeNow(), done);
      });
    }

    // ISOLATION: whatever a socket calls would run in the scope of the request that opened it, and
    // query there. leak/async-context.test.ts
    override newClient(waiting: unknown): void {
      outsideScope(() => super.newClient(waiting));
    }

    // ISOLATION: a view that is bound to a scope is Prisma's to have, this pool is not: it names `public` in
    // every statement, or else sends one tenant's query with another's. integration/orm/prisma/wiring.test.ts
    override on(event: "error" | "connect", listener: PoolListener): void {
      if (event === "error" && Object.getPrototypeOf(this) === ScopedPool.prototype) {
        refusePrisma(listener);
      }
      return super.on(event, listener);
    }

    override end(callback?: () => void): Promise<void> | undefined {
      const ended = super.end(callback);
      // `pg` never answers them.
      for (const waiting of this._pendingQueue?.splice(0) ?? []) {
        waiting.callback(new TenancyError("TENANCY_CLOSED", "The connection pool was ended."));
      }
      return ended;
    }

    query(first: string | QueryConfig | Submittable, second?: unknown, third?: unknown): unknown {
      return withQueryConfig(first, second, third, (config, done) => {
        this.queryIn(scopeNow(), config, done);
      });
    }

    borrow(): Promise<Borrowed> {
      return new Promise((resolve, reject) => {
        super.connect((error, client) => {
          if (error) return reject(error);
          const at = (scope: Scope): Target => target(client, scope);
          const giveBack = (destroy: boolean, wasWatched = false): Promise<void> => {
            const { state } = at(GLOBAL_SCOPE);
            if (!wasWatched) state.leave("reset");
            return new Promise((done) => {
              owner.giveBack(at(GLOBAL_SCOPE), destroy || isOpen(at(GLOBAL_SCOPE)), done);
            });
          };
          resolve({ at, client, execution, giveBack });
        });
      });
    }

    connectIn(scope: Scope, callback: ConnectCallback): void {
      super.connect((error, client) => {
        if (error) return callback(error);
        const lease = new Lease(owner, target(client, scope));
        callback(undefined, lease.client, (destroy) => lease.release(destroy));
      });
    }

    queryIn(scope: Scope, query: QueryConfig, callback: Callback): void {
      super.connect((error, client) => {
        if (error) return callback(error);
        const at = target(client, scope);
        execute(execution, at, query, (failure, result, aftermath) => {
          const said = finish(owner, at, failure, aftermath);
          if (said) callback(said);
          else callback(null, result);
        });
      });
    }
  }
  const pool = new ScopedPool();
  return pool as unknown as TenantPool;
}

/**
 * Gives the connection of a one-shot query back.
 *
 * @returns what to tell the caller: the failure, or that the query left a transaction open
 */
function finish(
  owner: LeaseOwner,
  at: Target,
  failure: Error | null | undefined,
  aftermath: Aftermath,
): Error | undefined {
  if (aftermath === "broken") owner.giveBack(at, failure ?? true);
  else if (aftermath === "failing") whenReady(at, () => owner.giveBack(at, isOpen(at)));
  else owner.giveBack(at, isOpen(at));
  if (failure || !isOpen(at)) return failure ?? undefined;
  return new TenancyError(
    "TRANSACTION_LEFT_OPEN",
    "A query on the pool left a transaction open; it was rolled back.",
    { tenant: at.scope.tenant },
  );
}

function isOpen(at: Target): boolean {
  return at.client.getTransactionStatus() !== "I";
}

/** Puts the ways to call a pool's `query` into one. */
export function withQueryConfig(
  first: string | QueryConfig | Submittable,
  second: unknown,
  third: unknown,
  start: (config: QueryConfig, done: Callback) => void,
): Promise<unknown> | undefined {
  const { callback, config } = toQueryConfig(first as QueryConfig, second, third);
  return answer(callback, (done) => {
    if (isSubmittable(first)) throw needsClient();
    start(config, done);
  });
}

function needsClient(): TenancyError {
  return new TenancyError("INVALID_QUERY", "A cursor or stream was given to the pool itself.", {
    remedy: "Take a client with `pool.connect()`, and release it when the stream has ended.",
  });
}
