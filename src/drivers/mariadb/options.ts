import type { Pool, PoolConfig } from "mariadb";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkCharset } from "../mysql/charset.ts";
import type { MysqlDriverOptions } from "../mysql/mysql-driver.ts";

/**
 * Options of the `mariadb` driver: all of the library's own `createPool`, and these. `database` names
 * the global scope's database; connections are opened without one.
 *
 * @see https://github.com/mariadb-corporation/mariadb-connector-nodejs/blob/main/documentation/promise-api.md#createpooloptions--pool
 */
export interface MariadbOptions extends PoolConfig, MysqlDriverOptions {
  /**
   * Address such as `mariadb://user:password@host:3306/database?connectionLimit=5`. Options beside it
   * win over what it says.
   */
  readonly uri?: string | undefined;
  /**
   * Makes the library's pool. Default: the library's own way.
   *
   * @internal
   */
  readonly createPool?: (config: PoolConfig) => Pool;
}

/** The application's options, sorted by whose they are. */
export interface SortedOptions {
  /** The client library's. */
  readonly config: PoolConfig;
  /** The driver's. */
  readonly own: MysqlDriverOptions;
  /** Makes the library's pool, where that is not the library's own way. */
  readonly createPool: ((config: PoolConfig) => Pool) | undefined;
}

/** Sorts options. @throws TenancyError `INVALID_CONFIG` */
export function sortOptions(options: MariadbOptions): SortedOptions {
  const { changePollMs, createPool, maintenanceConnections, uri, ...config } = options;
  const own = {
    ...(changePollMs === undefined ? {} : { changePollMs }),
    ...(maintenanceConnections === undefined ? {} : { maintenanceConnections }),
  };
  const all = { ...(uri === undefined ? {} : parseAddress(uri)), ...config };
  checkCharset(all.charset, "charset", "mariadb");
  checkCharset(all.collation, "collation", "mariadb");
  return { config: all, createPool, own };
}

/** The library's own parser wants a database, and knows no address that begins with `mysql:`. */
function parseAddress(text: string): PoolConfig {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:mariadb|mysql):$/.test(url.protocol)) {
    throw new TenancyError("INVALID_CONFIG", "The option `uri` of `mariadb` is no address.", {
      remedy: "Write it as `mariadb://user:password@host:3306/database`.",
    });
  }
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    ...(url.hostname === "" ? {} : { host: url.hostname.replaceAll(/^\[|\]$/g, "") }),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(url.username === "" ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(database === "" ? {} : { database }),
    ...Object.fromEntries([...url.searchParams].map(([name, value]) => [name, typed(value)])),
  };
}

/** Options in an address are text; the library takes any text for true. */
function typed(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  if (/^\d{1,15}$/.test(value)) return Number(value);
  if (!value.startsWith("{")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
