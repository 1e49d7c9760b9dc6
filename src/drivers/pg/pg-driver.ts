import pgModule from "pg";
import type { ClientConfig, Pool, PoolClient, PoolConfig } from "pg";
import type {
  Driver,
  DriverHost,
  QueryEachOptions,
  QueryResult,
  Session,
  SessionOptions,
  Shell,
  Subscriber,
  Transaction,
} from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { postgres } from "../../dialects/postgres/index.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../../internal/connection-failure.ts";
import { boundPool } from "./bound-pool.ts";
import type { ConnectionLimits } from "./connection-state.ts";
import { takeLock } from "./lock.ts";
import type { PgOptions } from "./options.ts";
import type { PgClient, QueryConfig } from "./peer.ts";
import { queryEach } from "./query-each.ts";
import { lostSession } from "./enter.ts";
import { OPEN_TEXT, ScopePaths } from "./search-path.ts";
import { inTransaction, PgSession } from "./session.ts";
import { psqlShell } from "./shell.ts";
import { Subscription } from "./subscription.ts";
import { createTenantPool, type TenantPool } from "./tenant-pool.ts";

const DEFAULT_STATEMENTS = 1_024;
const DEFAULT_PREPARE_AFTER = 2;
const DEFAULT_TENANTS = 1_000;
const DEFAULT_MAINTENANCE_CONNECTIONS = 4;
/**
 * After so many tenants a maintenance connection is closed. Its backend keeps up to 350 KB for each that
 * it has made or looked into, and gives none of it back.
 */
const MAINTENANCE_TENANTS = 200;
/** After so many tenants a connection for reports is closed, for the same reason. */
const SHARD_TENANTS = 500;
const DEFAULT_LOCK_TIMEOUT_MS = 10_000;
const MAINTENANCE_IDLE_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** PostgreSQL through `pg`. */
export class PgDriver implements Driver<Pool> {
  readonly name = "pg";
  readonly dialect: typeof postgres = postgres;
  readonly defaultSchema = "public";
  readonly #pg: typeof pgModule;
  readonly #options: PgOptions;
  readonly #config: PoolConfig;
  readonly #subscriptions = new Set<Subscription>();
  #host: DriverHost | undefined;
  #paths: ScopePaths | undefined;
  #pool: TenantPool | undefined;
  #maintenance: TenantPool | undefined;
  /** One connection for each shard. */
  readonly #shards = new Map<number, TenantPool>();

  constructor(options: PgOptions) {
    const {
      allowMultipleStatements: _multiple,
      directConnectionString: _direct,
      maintenanceConnections: _maintenance,
      maxTenantsPerConnection: _tenants,
      pg = pgModule,
      pooler: _pooler,
      preparedStatements: _statements,
      ...config
    } = options;
    checkOptions(options, pg);
    this.#pg = pg;
    this.#options = options;
    this.#config = withConnectTimeout(config, pg);
  }

  get pool(): Pool {
    return this.#tenantPool();
  }

  attach(host: DriverHost): void {
    if (this.#host !== undefined) {
      throw new TenancyError(
        "INVALID_CONFIG",
        "The database driver already belongs to a tenancy.",
        {
          remedy: "Call `pg(…)` once for each tenancy.",
        },
      );
    }
    this.#host = host;
  }

  remake(change: (options: PgOptions) => PgOptions): PgDriver {
    return new PgDriver(change(this.#options));
  }

  poolFor(scope: Scope): Pool {
    return boundPool(this.#tenantPool(), scope);
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const answer = new Promise((resolve, reject) => {
      this.#tenantPool().queryIn(scope, { text, values: params }, (error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
    return (await answer.catch(rethrow)) as QueryResult<Row>;
  }

  async transaction<T>(scope: Scope, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.poolFor(scope).connect().catch(rethrow);
    const send = (config: QueryConfig): Promise<unknown> => client.query(config as never);
    const begin = (): Promise<unknown> => send({ text: "begin" }).catch(rethrow);
    try {
      return await inTransaction(begin, send, () => client.query("rollback"), fn, slugOf(scope));
    } finally {
      client.release();
    }
  }

  async session<T>(options: SessionOptions, fn: (session: Session) => Promise<T>): Promise<T> {
    const borrowed = await this.#maintenancePool().borrow().catch(rethrow);
    const canReset = options.lock === undefined && !isPrepared(this.#config);
    const session = new PgSession(borrowed, { canReset });
    let isSound = false;
    try {
      if (options.lock !== undefined) {
        await takeLock(
          borrowed.client,
          options.lock,
          options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS,
        );
      }
      const value = await fn(session);
      isSound = true;
      return value;
    } catch (error) {
      isSound = error instanceof TenancyError;
      throw explainConnectionFailure(error);
    } finally {
      session.end();
      // Whoever is next must not find the lock taken by a session that has ended.
      await borrowed.giveBack(!isSound);
    }
  }

  async queryEach<Row>(
    scopes: readonly Scope[],
    text: string,
    values: readonly unknown[] | undefined,
    { shard }: QueryEachOptions,
  ): Promise<PromiseSettledResult<QueryResult<Row>>[]> {
    const borrowed = await this.#shardPool(shard).borrow().catch(rethrow);
    let isSound = false;
    try {
      const outcomes = await queryEach(borrowed, { scopes, text, values });
      isSound = true;
      return outcomes as PromiseSettledResult<QueryResult<Row>>[];
    } catch (error) {
      return rethrow(error);
    } finally {
      await borrowed.giveBack(!isSound, true);
    }
  }

  async shell(scope: Scope): Promise<Shell> {
    const paths = this.#scopePaths(this.#attached());
    return await psqlShell(this.#pg, this.#separateConfig(), paths.of(scope));
  }

  subscribe(channel: string, subscriber: Subscriber): Promise<() => Promise<void>> | undefined {
    if (this.#isUnreachable()) return undefined;
    const subscription = new Subscription(
      this.#pg,
      this.#directConfig(),
      channel,
      subscriber,
      this.#attached().logger,
    );
    this.#subscriptions.add(subscription);
    const stop = async (): Promise<void> => {
      this.#subscriptions.delete(subscription);
      await subscription.stop();
    };
    return subscription.start().then(() => stop);
  }

  async close(): Promise<void> {
    const all = [this.#pool, this.#maintenance, ...this.#shards.values()];
    const pools = all.filter((pool) => pool?.ending === false);
    await Promise.all([
      ...[...this.#subscriptions].map((subscription) => subscription.stop()),
      ...pools.map((pool) => pool?.end()),
    ]);
  }

  #tenantPool(): TenantPool {
    const host = this.#attached();
    this.#pool ??= createTenantPool(this.#pg, this.#ownConfig(this.#config), {
      allowMultipleStatements: this.#options.allowMultipleStatements === true,
      host,
      isPooled: this.#options.pooler !== undefined,
      isPrepared: isPrepared(this.#config),
      isShared: true,
      limits: limitsOf(this.#options),
      paths: this.#scopePaths(host),
    });
    return this.#pool;
  }

  #maintenancePool(): TenantPool {
    const host = this.#attached();
    const config: PoolConfig = {
      ...this.#separateConfig(),
      max: this.#options.maintenanceConnections ?? DEFAULT_MAINTENANCE_CONNECTIONS,
    };
    this.#maintenance ??= createTenantPool(this.#pg, ownDirect(config), {
      allowMultipleStatements: false,
      host,
      isPooled: false,
      isPrepared: isPrepared(this.#config),
      isShared: false,
      limits: { prepareAfter: Infinity, schemas: MAINTENANCE_TENANTS, statements: 1 },
      paths: this.#scopePaths(host),
    });
    return this.#maintenance;
  }

  /** Apart from the maintenance pool: what its connections have learned and prepared is worth keeping. */
  #shardPool(shard: number): TenantPool {
    const host = this.#attached();
    let pool = this.#shards.get(shard);
    if (pool !== undefined) return pool;
    const config: PoolConfig = { ...this.#separateConfig(), max: 1 };
    pool = createTenantPool(this.#pg, ownDirect(config), {
      allowMultipleStatements: false,
      host,
      isPooled: false,
      isPrepared: isPrepared(this.#config),
      isShared: true,
      limits: { ...limitsOf({ ...this.#options, pooler: undefined }), schemas: SHARD_TENANTS },
      paths: this.#scopePaths(host),
    });
    this.#shards.set(shard, pool);
    return pool;
  }

  #ownConfig(config: PoolConfig): PoolConfig {
    return this.#options.pooler === undefined ? ownDirect(config) : config;
  }

  /** Options of connections apart from the application's pool. */
  #separateConfig(): PoolConfig {
    if (this.#isUnreachable()) {
      throw new TenancyError(
        "DIRECT_CONNECTION_REQUIRED",
        "This needs a session of its own, and the driver is connected through a transaction pooler.",
      );
    }
    return {
      ...this.#directConfig(),
      allowExitOnIdle: true,
      idleTimeoutMillis: MAINTENANCE_IDLE_MS,
      min: 0,
    };
  }

  #directConfig(): PoolConfig {
    const { directConnectionString } = this.#options;
    return directConnectionString === undefined
      ? this.#config
      : { ...this.#config, connectionString: directConnectionString };
  }

  #isUnreachable(): boolean {
    return this.#options.pooler !== undefined && this.#options.directConnectionString === undefined;
  }

  #scopePaths({ globalSchema, sharedSchemas }: DriverHost): ScopePaths {
    this.#paths ??= new ScopePaths(globalSchema, sharedSchemas);
    return this.#paths;
  }

  #attached(): DriverHost {
    if (this.#host === undefined) {
      throw new TenancyError("INVALID_CONFIG", "The database driver belongs to no tenancy yet.", {
        remedy: "Pass it to `createTenancy({ database: pg(…) })` first.",
      });
    }
    return this.#host;
  }
}

/**
 * Bounds the time that a server may take to accept a connection: one that is reached but never answers
 * would be waited for without end. Set on each client, as the pool's own option also bounds the wait
 * for a connection that is in use.
 */
function withConnectTimeout(config: PoolConfig, pg: typeof pgModule): PoolConfig {
  if (config.connectionTimeoutMillis !== undefined) return config;
  const { Client = pg.Client } = config as { readonly Client?: typeof pgModule.Client };
  return {
    ...config,
    Client: class extends Client {
      constructor(options?: ClientConfig) {
        // The pool hides the password from whoever lists the options, a spread included.
        const whole: ClientConfig = Object.defineProperties(
          {},
          Object.getOwnPropertyDescriptors(options ?? {}),
        );
        whole.connectionTimeoutMillis = CONNECT_TIMEOUT_MS;
        super(whole);
      }
    },
  };
}

/** Whether the application has work of its own for every new connection. */
function isPrepared(config: PoolConfig): boolean {
  const { onConnect, verify } = config as { onConnect?: unknown; verify?: unknown };
  return onConnect !== undefined || verify !== undefined;
}

/** Makes every new connection ours before the application's own `onConnect` sees it. */
function ownDirect(config: PoolConfig): PoolConfig {
  const { onConnect } = config as { onConnect?: (client: PoolClient) => unknown };
  return {
    ...config,
    onConnect: async (client: PgClient) => {
      await client.query(OPEN_TEXT).catch(explainOpening);
      await onConnect?.(client as unknown as PoolClient);
    },
  } as unknown as PoolConfig;
}

/** A new connection on which our statement is there already is an old one, lent by a pooler. */
function explainOpening(error: Error & { readonly code?: string }): never {
  throw error.code === "42P05" ? lostSession(error) : error;
}

function limitsOf(options: PgOptions): ConnectionLimits {
  const { preparedStatements } = options;
  const isOff = preparedStatements === false;
  const own = typeof preparedStatements === "object" ? preparedStatements : {};
  return {
    prepareAfter: isOff ? Infinity : (own.after ?? DEFAULT_PREPARE_AFTER),
    schemas: options.maxTenantsPerConnection ?? DEFAULT_TENANTS,
    statements: options.pooler === undefined ? (own.max ?? DEFAULT_STATEMENTS) : 0,
  };
}

function checkOptions(options: PgOptions, pg: typeof pgModule): void {
  const numbers: Record<string, number | undefined> = {
    maintenanceConnections: options.maintenanceConnections,
    maxTenantsPerConnection: options.maxTenantsPerConnection,
    ...(typeof options.preparedStatements === "object"
      ? {
          "preparedStatements.after": options.preparedStatements.after,
          "preparedStatements.max": options.preparedStatements.max,
        }
      : {}),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value >= 1)) {
      throw new TenancyError(
        "INVALID_CONFIG",
        `The option \`${name}\` of \`pg\` is not 1 or more.`,
      );
    }
  }
  if ((options as { pipeline?: unknown }).pipeline === true) {
    throw new TenancyError("INVALID_CONFIG", "The option `pipeline` of `pg` cannot be used.", {
      remedy: "Leave it out: a query and its scope already travel in one message.",
    });
  }
  if (
    typeof (pg.Client.prototype as unknown as Partial<PgClient>).getTransactionStatus !== "function"
  ) {
    throw new TenancyError("UNSUPPORTED_DRIVER", "This version of `pg` is too old.", {
      remedy: "Install pg 8.23 or later.",
    });
  }
}

function rethrow(error: unknown): never {
  // The stack of an error from the socket says nothing of who asked.
  if (error instanceof Error) Error.captureStackTrace(error, rethrow);
  throw explainConnectionFailure(error);
}

function slugOf(scope: Scope): string | undefined {
  return scope.kind === "tenant" ? scope.tenant.slug : undefined;
}
