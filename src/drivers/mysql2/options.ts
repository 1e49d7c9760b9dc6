import type mysqlModule from "mysql2";
import type { PoolOptions } from "mysql2";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkCharset } from "../mysql/charset.ts";
import type { MysqlDriverOptions } from "../mysql/mysql-driver.ts";
import type { ClientModule } from "./peer.ts";

/**
 * Options of the `mysql2` driver: all of its pool's own, and these.
 *
 * What may have left something in its session is reset in any case, as far as texts show it; with
 * `resetOnRelease`, every connection is, also for what triggers and stored functions leave.
 *
 * @see https://sidorares.github.io/node-mysql2/docs/examples/connections/create-pool
 */
export interface Mysql2Options extends Omit<PoolOptions, "uri">, MysqlDriverOptions {
  /** Address, such as `mysql://user:password@host:3306/database`. */
  readonly uri?: string | undefined;
  /**
   * The application's own copy of `mysql2`, where it is not the one that `import "mysql2"` finds here.
   * ORMs test pools with `instanceof`, so it must be theirs.
   */
  readonly mysql2?: typeof mysqlModule;
  /**
   * Whether one text may hold several statements. Default `false`: the server then refuses an injected
   * second statement. What a text holds after its first `;` is not looked at closely when it may.
   */
  multipleStatements?: boolean;
  /**
   * How many prepared statements a connection keeps, of all tenants together; the least recently used
   * one is closed for the next. Default 256: the server's own limit is 16,382 for everybody.
   */
  maxPreparedStatements?: number;
}

const DEFAULT_PREPARED_STATEMENTS = 256;
const CONNECT_TIMEOUT_MS = 10_000;

/** Returns what goes to `mysql2` itself. */
export function toPoolOptions(options: Mysql2Options): PoolOptions {
  const {
    changePollMs: _changePollMs,
    maintenanceConnections: _maintenanceConnections,
    mysql2: _mysql2,
    resetOnRelease: _resetOnRelease,
    uri,
    ...own
  } = options;
  return {
    ...own,
    ...(uri !== undefined && { uri }),
    connectTimeout: own.connectTimeout ?? CONNECT_TIMEOUT_MS,
    maxPreparedStatements: own.maxPreparedStatements ?? DEFAULT_PREPARED_STATEMENTS,
  };
}

/** @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_DRIVER` */
export function checkOptions(options: Mysql2Options, mysql2: ClientModule): void {
  const { connectionLimit, maxPreparedStatements } = options;
  for (const [name, value] of Object.entries({ connectionLimit, maxPreparedStatements })) {
    // `mysql2` takes a limit of 0 for none.
    const least = name === "connectionLimit" ? 0 : 1;
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
      throw invalid(
        `The option \`${name}\` of \`mysql2\` is not a whole number of ${least} or more.`,
      );
    }
  }
  const flags = [(options as { readonly flags?: unknown }).flags ?? []].flat().map(String);
  if (flags.some((flag) => /-\s*(?:MULTI_STATEMENTS|SESSION_TRACK)/i.test(flag))) {
    throw invalid("The option `flags` of `mysql2` turns off what the driver needs.");
  }
  if (!isSupported(mysql2)) {
    throw new TenancyError("UNSUPPORTED_DRIVER", "This version of `mysql2` is not known.", {
      remedy: "Install mysql2 3.22.4 or later, and pass `mysql2` itself, not `mysql2/promise`.",
    });
  }
  checkCharset(charsetOf(options, mysql2), "charset", "mysql2");
}

/** Whether the commands of `mysql2` are made as this driver knows them. */
function isSupported(mysql2: ClientModule): boolean {
  if (typeof mysql2.Pool !== "function" || typeof mysql2.createQuery !== "function") return false;
  const pool: unknown = mysql2.Pool.prototype;
  const connection: unknown = mysql2.PoolConnection?.prototype;
  const command: unknown = mysql2.createQuery("select 1", undefined, undefined, {});
  return (
    hasMethods(pool, ["end", "getConnection", "releaseConnection"]) &&
    hasMethods(connection, ["addCommand", "execute", "prepare", "query", "reset"]) &&
    hasMethods(command, ["doneInsert", "emit", "execute", "start"])
  );
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  const methods = (value ?? {}) as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof methods[name] === "function");
}

function charsetOf(options: Mysql2Options, { Charsets }: ClientModule): unknown {
  const { charset, charsetNumber, uri } = options as Mysql2Options & {
    readonly charsetNumber?: unknown;
  };
  if (charset !== undefined) return charset;
  const named = uri === undefined ? null : new URL(uri).searchParams.get("charset");
  if (named !== null || charsetNumber === undefined) return named;
  return Object.keys(Charsets).find((name) => Charsets[name] === charsetNumber) ?? charsetNumber;
}

function invalid(fact: string): TenancyError {
  return new TenancyError("INVALID_CONFIG", fact);
}
