import mysqlModule from "mysql2";
import type { Pool, PoolOptions } from "mysql2";
import type { DriverHost } from "../../core/driver.ts";
import type { ClientLibrary, TenantPool, Wires } from "../mysql/client-library.ts";
import type { ServerAddress } from "../mysql/shell.ts";
import { WirePool } from "../mysql/wire-pool.ts";
import { checkOptions, type Mysql2Options, toPoolOptions } from "./options.ts";
import type { ClientModule } from "./peer.ts";
import { createScopedPool } from "./tenant-pool.ts";
import { openWire } from "./wire.ts";

/** `mysql2`, as the driver for MySQL and MariaDB sees it. */
export class Mysql2Library implements ClientLibrary<Pool> {
  readonly name = "mysql2";
  readonly database: string | undefined;
  readonly #options: Mysql2Options;
  readonly #mysql2: ClientModule;

  constructor(options: Mysql2Options) {
    this.#mysql2 = (options.mysql2 ?? mysqlModule) as unknown as ClientModule;
    checkOptions(options, this.#mysql2);
    this.#options = options;
    const { database, uri } = options;
    this.database = database ?? (uri === undefined ? undefined : databaseOf(uri));
  }

  get address(): ServerAddress {
    // The only way to `mysql2`'s own reading of the options; it connects when it is first used.
    const seed = this.#mysql2.createPool(toPoolOptions(this.#options));
    seed.end();
    const { host, password, port, socketPath, ssl, user } = seed.config
      .connectionConfig as unknown as Omit<ServerAddress, "ssl"> & { readonly ssl?: unknown };
    return { host, password, port, socketPath, ssl: securityOf(ssl), user };
  }

  createPool(host: DriverHost): TenantPool<Pool> {
    const { multipleStatements, resetOnRelease } = this.#options;
    return createScopedPool(this.#mysql2, toPoolOptions(this.#options), {
      allowMultipleStatements: multipleStatements === true,
      alwaysResets: resetOnRelease === true,
      host,
    });
  }

  createWires(max: number): Wires {
    const options = toWireOptions(toPoolOptions(this.#options));
    return new WirePool(() => openWire(this.#mysql2, { ...options }), max);
  }

  createBatchWires(max: number): Wires {
    const options = { ...toWireOptions(toPoolOptions(this.#options)), multipleStatements: true };
    return new WirePool(() => openWire(this.#mysql2, { ...options }), max);
  }
}

/** Options of a pool, and what changes how queries are read and written, left out. */
export function toWireOptions(options: PoolOptions): object {
  const {
    connectionLimit: _connectionLimit,
    idleTimeout: _idleTimeout,
    maxIdle: _maxIdle,
    namedPlaceholders: _namedPlaceholders,
    nestTables: _nestTables,
    queryFormat: _queryFormat,
    queueLimit: _queueLimit,
    rowsAsArray: _rowsAsArray,
    waitForConnections: _waitForConnections,
    ...own
  } = options as PoolOptions & { readonly queryFormat?: unknown };
  return { ...own, multipleStatements: false };
}

function securityOf(ssl: unknown): ServerAddress["ssl"] {
  if (ssl === undefined || ssl === null || ssl === false) return undefined;
  const { rejectUnauthorized } = ssl as { readonly rejectUnauthorized?: boolean };
  return rejectUnauthorized === false ? "unchecked" : "checked";
}

function databaseOf(uri: string): string | undefined {
  return decodeURIComponent(new URL(uri).pathname.slice(1)) || undefined;
}
