import type { EventEmitter } from "node:events";
import type { Pool, PoolConfig, PoolConnection } from "mariadb";
import type { DriverHost, QueryResult } from "../../core/driver.ts";
import { outsideScope, type Scope } from "../../core/scope.ts";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { ScopedWire, TenantPool } from "../mysql/client-library.ts";
import { type ScopeDatabase, ScopeDatabases } from "../mysql/connection-database.ts";
import { StatementInfos } from "../mysql/statement-info.ts";
import { ConnectionStates } from "./connection-state.ts";
import { Lease, type LeaseOwner } from "./lease.ts";
import { mayBeInTransaction, type Request } from "./peer.ts";
import { PLAIN_OPTIONS, toQueryResult } from "./results.ts";
import { type Execution, type MayRead, ScopedConnection } from "./scoped-connection.ts";
import { type PoolOwner, ScopedPool } from "./scoped-pool.ts";
import { openWire } from "./wire.ts";

const DEFAULT_STATEMENTS = 256;

/** A connection of the pool may have been anybody's before. */
const READS_NOTHING: MayRead = { diagnostics: false, insertId: false };

/** What the pool says when it was ended: already, and while somebody waits. */
const POOL_ENDED: ReadonlySet<unknown> = new Set([45027, 45037]);

/** What the library's pool says, in the words of its events. */
const EVENTS = ["acquire", "connection", "enqueue", "error", "release"] as const;

/** The pool of one client library's `createPool`, in which connections go from scope to scope. */
export class MariadbTenantPool implements TenantPool<Pool>, LeaseOwner, PoolOwner {
  readonly pool: ScopedPool;
  readonly #createPool: (config: PoolConfig) => Pool;
  readonly #config: PoolConfig;
  readonly #host: DriverHost;
  readonly #databases: ScopeDatabases;
  readonly #execution: Execution;
  readonly #views = new WeakMap<Scope, ScopedPool>();
  #real: Pool | undefined;
  #ended: Promise<void> | undefined;

  /**
   * @param createPool - the client library's
   * @param config - the application's options for it
   */
  constructor(createPool: (config: PoolConfig) => Pool, config: PoolConfig, host: DriverHost) {
    const { metaAsArray, multipleStatements, prepareCacheLength } = config;
    this.#createPool = createPool;
    this.#config = config;
    this.#host = host;
    this.#databases = new ScopeDatabases(host);
    this.#execution = {
      allowMultipleStatements: multipleStatements === true,
      hasMeta: metaAsArray === true,
      host,
      infos: new StatementInfos(multipleStatements === true),
      states: new ConnectionStates(prepareCacheLength ?? DEFAULT_STATEMENTS),
    };
    this.pool = new ScopedPool(this, () => this.#scopeNow(), false);
  }

  get real(): Pool {
    this.#real ??= this.#open();
    return this.#real;
  }

  get opened(): Pool | undefined {
    return this.#real;
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  poolFor(scope: Scope): Pool {
    let view = this.#views.get(scope);
    if (view === undefined) {
      view = new ScopedPool(this, () => scope, true);
      this.#views.set(scope, view);
    }
    return view;
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const answer = await this.once(scope, plainRequest(text, params), "query");
    return toQueryResult<Row>(answer);
  }

  async lease(scope: Scope): Promise<ScopedWire> {
    const lease = await this.take(scope);
    return {
      query: async <Row>(text: string, params?: readonly unknown[]) =>
        toQueryResult<Row>(await lease.query(plainRequest(text, params))),
      release: () => void lease.release(),
    };
  }

  async take(scope: Scope): Promise<Lease> {
    const connection = await this.#acquire();
    return new Lease(this, connection, this.#databases.of(scope));
  }

  async once(scope: Scope, request: Request, how: "batch" | "execute" | "query"): Promise<unknown> {
    const connection = await this.#acquire();
    let isOpen = false;
    try {
      const answer = await connection[how](this.#databases.of(scope), request, READS_NOTHING);
      isOpen = mayBeInTransaction(connection.raw);
      if (!isOpen) return answer;
    } finally {
      void this.giveBack(connection, false);
    }
    throw new TenancyError(
      "TRANSACTION_LEFT_OPEN",
      "A query on the pool left a transaction open; it was rolled back.",
      {
        remedy:
          "Use `tenancy.transaction(fn)`, or take a connection with `pool.getConnection()` for the whole transaction.",
        tenant: this.#databases.of(scope).tenant,
      },
    );
  }

  async giveBack(connection: ScopedConnection, destroy: boolean): Promise<void> {
    await outsideScope(async () => {
      const { raw } = connection;
      try {
        if (destroy || !(await this.#clean(connection))) raw.destroy();
        else await raw.release();
      } catch {
        // Nobody knows what is left in its session.
        raw.destroy();
      }
    });
  }

  async interrupt({ raw }: ScopedConnection): Promise<void> {
    const { threadId } = raw;
    if (threadId === null || !raw.isValid()) return;
    await outsideScope(async () => {
      const wire = await openWire(this.#config);
      await wire.query(`kill ${threadId}`).finally(() => wire.close());
    }).catch((error: unknown) => {
      // Most likely the connection has just ended by itself.
      this.#host.logger.debug({ err: error }, "connection not ended by the server");
    });
  }

  warnOpen({ schemaName, tenant }: ScopeDatabase): void {
    this.#host.logger.warn(
      { schemaName, tenant },
      "connection released with an open transaction: rolled back",
    );
  }

  end(): Promise<void> {
    this.#ended ??= outsideScope(async () => {
      if (this.#real?.closed === false) await this.#real.end();
    });
    return this.#ended;
  }

  /** Leaves nothing in a session; returns whether that has succeeded. */
  async #clean(connection: ScopedConnection): Promise<boolean> {
    const { raw, state } = connection;
    const { session } = state;
    if (!raw.isValid() || session.trace === "destroy") return false;
    if (this.#config.resetAfterUse === true) session.leave("reset");
    // ISOLATION: what the next holder writes would be part of the transaction. The library sends it
    // only when one may be open. leak/mariadb-lease.test.ts
    await raw.rollback();
    if (session.isClean) return true;
    // ISOLATION: a reset also undoes what the application set when the connection was opened, such as
    // a role with fewer rights. leak/mariadb-lease.test.ts
    if (this.#isPrepared()) return false;
    // ISOLATION: variables, locks and temporary tables stay in the session. leak/mariadb-lease.test.ts
    await connection.reset();
    return true;
  }

  /** Whether the application prepares new connections in a way that a reset does not repeat. */
  #isPrepared(): boolean {
    return this.#config.sessionVariables !== undefined || this.pool.listenerCount("connection") > 0;
  }

  async #acquire(): Promise<ScopedConnection> {
    try {
      // ISOLATION: a new connection's events would run in the scope that needed it first.
      // leak/mariadb-session.test.ts
      const raw = await outsideScope((): Promise<PoolConnection> => this.real.getConnection());
      return new ScopedConnection(raw, this.#execution);
    } catch (error) {
      if (!POOL_ENDED.has(errnoOf(error))) throw error;
      throw poolEnded(error);
    }
  }

  #open(): Pool {
    if (this.#ended !== undefined) throw poolEnded();
    const real = outsideScope(() =>
      this.#createPool({
        ...this.#config,
        // ISOLATION: what escapes a scope must find no table. leak/mariadb-session.test.ts
        database: undefined as never,
        // A query and the statement that enters its scope are one text.
        multipleStatements: true,
        // Connections are cleaned here, of more than the library knows of.
        noControlAfterUse: true,
        // ISOLATION: the library finds them by the database that it believes to be in. leak/mariadb-statements.test.ts
        prepareCacheLength: 0,
      }),
    );
    for (const event of EVENTS) {
      (real as unknown as EventEmitter).on(event, (subject: unknown) => {
        this.#tell(event, subject);
      });
    }
    return real;
  }

  #tell(event: (typeof EVENTS)[number], subject: unknown): void {
    if (event === "error") this.#host.logger.debug({ err: subject }, "connection lost");
    // One that is used is in a scope: nobody else may send anything on it.
    const isInUse = event === "acquire" || event === "release";
    const shown = isInUse ? { threadId: (subject as PoolConnection).threadId } : subject;
    if (event !== "error" || this.pool.listenerCount(event) > 0) this.pool.emit(event, shown);
  }

  #scopeNow(): Scope {
    const scope = this.#host.currentScope();
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A query was sent in no tenant's scope.");
    }
    return scope;
  }
}

function plainRequest(sql: string, params: readonly unknown[] | undefined): Request {
  const values = params === undefined || params.length === 0 ? undefined : params;
  return { options: PLAIN_OPTIONS, sql, values };
}

function poolEnded(cause?: unknown): TenancyError {
  return new TenancyError("TENANCY_CLOSED", "The connection pool was ended.", { cause });
}
