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
import { mysql } from "../../dialects/mysql/index.ts";
import { NOTICES_TABLE } from "../../dialects/mysql/registry-names.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { explainConnectionFailure } from "../../internal/connection-failure.ts";
import type { ClientLibrary, ScopedWire, TenantPool, Wires } from "./client-library.ts";
import { giveBack } from "./give-back.ts";
import { takeLock } from "./lock.ts";
import { checkEach, type EachWires, queryEach } from "./query-each.ts";
import { MysqlSession } from "./session.ts";
import { clientShell } from "./shell.ts";
import { Subscription } from "./subscription.ts";
import { inTransaction } from "./transaction.ts";

const DEFAULT_MAINTENANCE_CONNECTIONS = 4;
const DEFAULT_LOCK_TIMEOUT_MS = 10_000;
const DEFAULT_CHANGE_POLL_MS = 1_000;

/** Options of every driver for MySQL and MariaDB, beside those of its client library. */
export interface MysqlDriverOptions {
  /** Connections, at most, for lifecycle work and migrations, apart from the pool. Default 4. */
  readonly maintenanceConnections?: number;
  /**
   * How often a process looks for what others have changed in the registry, in milliseconds; at most
   * this old is what it remembers. One small query each time, on a connection of its own. Default
   * 1,000, at most 5,000.
   */
  readonly changePollMs?: number;
}

/** Makes another driver, of the options of one as they are changed. */
type Remake<Pool> = (
  change: <Options extends object>(options: Options) => Options,
) => MysqlDriver<Pool>;

/** MySQL and MariaDB through one client library. */
export class MysqlDriver<Pool> implements Driver<Pool> {
  readonly name: string;
  readonly dialect: typeof mysql = mysql;
  readonly defaultSchema: string | undefined;
  readonly #library: ClientLibrary<Pool>;
  readonly #options: MysqlDriverOptions;
  readonly remake: Remake<Pool>;
  readonly #subscriptions = new Set<Subscription>();
  #host: DriverHost | undefined;
  #pool: TenantPool<Pool> | undefined;
  #maintenance: Wires | undefined;
  #listening: Wires | undefined;
  /** Two connections for each shard, of which the first is mostly enough. */
  readonly #shards = new Map<number, EachWires>();
  #closing: Promise<void> | undefined;

  /** @param remake - makes another one, of the options of both as they are changed */
  constructor(library: ClientLibrary<Pool>, options: MysqlDriverOptions, remake: Remake<Pool>) {
    checkOptions(options, library.name);
    this.remake = remake;
    this.name = library.name;
    this.defaultSchema = library.database;
    this.#library = library;
    this.#options = options;
  }

  get pool(): Pool {
    return this.#tenantPool().pool;
  }

  attach(host: DriverHost): void {
    if (this.#host !== undefined) {
      throw new TenancyError(
        "INVALID_CONFIG",
        "The database driver already belongs to a tenancy.",
        {
          remedy: `Call \`${this.name}(…)\` once for each tenancy.`,
        },
      );
    }
    this.#host = host;
  }

  poolFor(scope: Scope): Pool {
    return this.#tenantPool().poolFor(scope);
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return await this.#openPool().query<Row>(scope, text, params).catch(rethrow);
  }

  async transaction<T>(scope: Scope, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const wire = await this.#openPool().lease(scope).catch(rethrow);
    const tenant = scope.kind === "tenant" ? scope.tenant.slug : undefined;
    try {
      return await inTransaction({ ...statementsOn(wire), isMarked: false, tenant }, fn);
    } finally {
      wire.release();
    }
  }

  async session<T>(options: SessionOptions, fn: (session: Session) => Promise<T>): Promise<T> {
    const host = this.#attached();
    const wire = await this.#maintenanceWires().acquire().catch(rethrow);
    const session = new MysqlSession(wire, host);
    try {
      if (options.lock !== undefined) {
        const timeoutMs = options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS;
        await takeLock(wire, host.globalSchema, options.lock, timeoutMs);
      }
      return await fn(session);
    } catch (error) {
      throw explainConnectionFailure(error);
    } finally {
      session.end();
      // Whoever is next must not find the lock taken by a session that has ended.
      await giveBack(wire);
    }
  }

  async queryEach<Row>(
    scopes: readonly Scope[],
    text: string,
    params: readonly unknown[] | undefined,
    { shard }: QueryEachOptions,
  ): Promise<PromiseSettledResult<QueryResult<Row>>[]> {
    const host = this.#attached();
    const request = { params, scopes, text };
    checkEach(host, request);
    return await queryEach<Row>(this.#shardWires(shard), host, request).catch(rethrow);
  }

  async shell(scope: Scope): Promise<Shell> {
    const tenant = scope.kind === "tenant" ? scope.tenant : undefined;
    const schemaName = tenant?.schemaName ?? this.#attached().globalSchema;
    return clientShell(this.#library.address, schemaName, tenant?.slug);
  }

  subscribe(channel: string, subscriber: Subscriber): Promise<() => Promise<void>> {
    const { globalSchema, logger } = this.#attached();
    this.#checkOpen();
    this.#listening ??= this.#library.createWires(1);
    const table = [globalSchema, NOTICES_TABLE].map((name) => mysql.quoteIdentifier(name));
    const subscription = new Subscription({
      channel,
      logger,
      pollMs: this.#options.changePollMs ?? DEFAULT_CHANGE_POLL_MS,
      subscriber,
      table: table.join("."),
      wires: this.#listening,
    });
    this.#subscriptions.add(subscription);
    const stop = async (): Promise<void> => {
      this.#subscriptions.delete(subscription);
      await subscription.stop();
    };
    return subscription.start().then(() => stop);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([
      ...[...this.#subscriptions].map((subscription) => subscription.stop()),
      this.#pool?.end(),
      this.#maintenance?.end(),
      this.#listening?.end(),
      ...[...this.#shards.values()].flatMap(({ batch, single }) => [batch.end(), single.end()]),
    ]);
  }

  #tenantPool(): TenantPool<Pool> {
    const host = this.#attached();
    if (this.#pool === undefined) this.#checkOpen();
    this.#pool ??= this.#library.createPool(host);
    return this.#pool;
  }

  #openPool(): TenantPool<Pool> {
    this.#checkOpen();
    return this.#tenantPool();
  }

  #maintenanceWires(): Wires {
    this.#checkOpen();
    this.#maintenance ??= this.#library.createWires(
      this.#options.maintenanceConnections ?? DEFAULT_MAINTENANCE_CONNECTIONS,
    );
    return this.#maintenance;
  }

  #shardWires(shard: number): EachWires {
    this.#checkOpen();
    let wires = this.#shards.get(shard);
    if (wires === undefined) {
      wires = { batch: this.#library.createBatchWires(1), single: this.#library.createWires(1) };
      this.#shards.set(shard, wires);
    }
    return wires;
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new TenancyError("TENANCY_CLOSED", "The database driver was closed.");
  }

  #attached(): DriverHost {
    if (this.#host === undefined) {
      throw new TenancyError("INVALID_CONFIG", "The database driver belongs to no tenancy yet.", {
        remedy: `Pass it to \`createTenancy({ database: ${this.name}(…) })\` first.`,
      });
    }
    return this.#host;
  }
}

/** How the statements of a transaction on the application's pool are run. */
function statementsOn(wire: ScopedWire): {
  begin(): Promise<void>;
  control(text: string): Promise<unknown>;
  send(text: string, params?: readonly unknown[]): Promise<QueryResult>;
} {
  return {
    begin: async () => void (await wire.query("start transaction").catch(rethrow)),
    control: (text) => wire.query(text),
    send: (text, params) => wire.query(text, params),
  };
}

/** As long as anything is remembered by a process that hears of no changes. */
const LONGEST_CHANGE_POLL_MS = 5_000;

function checkOptions(options: MysqlDriverOptions, name: string): void {
  const { changePollMs, maintenanceConnections } = options;
  if (changePollMs !== undefined && changePollMs > LONGEST_CHANGE_POLL_MS) {
    throw new TenancyError(
      "INVALID_CONFIG",
      `The option \`changePollMs\` of \`${name}\` is more than 5,000.`,
    );
  }
  for (const [option, value] of Object.entries({ changePollMs, maintenanceConnections })) {
    if (value !== undefined && !(value >= 1)) {
      throw new TenancyError(
        "INVALID_CONFIG",
        `The option \`${option}\` of \`${name}\` is not 1 or more.`,
      );
    }
  }
}

function rethrow(error: unknown): never {
  // The stack of an error from the socket says nothing of who asked.
  if (error instanceof Error) Error.captureStackTrace(error, rethrow);
  throw explainConnectionFailure(error);
}
