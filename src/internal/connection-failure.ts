import { TenancyError } from "../errors/tenancy-error.ts";

const SYSTEM_CODES: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/**
 * Shut down or starting (57P01 to 57P03), out of connections (53300), no such database (3D000),
 * refused user or password (28…), broken connection (08…).
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATES = /^(?:08...|28...|3D000|53300|57P0[123])$/;

/** On MySQL and MariaDB 3D000 says that no database was selected, which is the statement's fault. */
const MYSQL_SQLSTATES = /^(?:08|28)/;

/**
 * Out of connections, refused user or host, shut down or offline, a connection that broke or was
 * ended by the server. The SQLSTATEs of most of them do not tell.
 *
 * @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 * @see https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
const MYSQL_NUMBERS: ReadonlySet<unknown> = new Set([
  1040, // ER_CON_COUNT_ERROR
  1043, // ER_HANDSHAKE_ERROR
  1045, // ER_ACCESS_DENIED_ERROR
  1053, // ER_SERVER_SHUTDOWN
  1129, // ER_HOST_IS_BLOCKED
  1130, // ER_HOST_NOT_PRIVILEGED
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1226, // ER_USER_LIMIT_REACHED
  1251, // ER_NOT_SUPPORTED_AUTH_MODE
  1698, // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  1927, // ER_CONNECTION_KILLED, on MariaDB
  2006, // CR_SERVER_GONE_ERROR
  2013, // CR_SERVER_LOST
  3032, // ER_SERVER_OFFLINE_MODE, on MySQL
  3118, // ER_ACCOUNT_HAS_BEEN_LOCKED, on MySQL
  3169, // ER_SESSION_WAS_KILLED, on MySQL
  4031, // ER_CLIENT_INTERACTION_TIMEOUT, on MySQL
  4151, // ER_ACCOUNT_HAS_BEEN_LOCKED, on MariaDB
]);

/** What MySQL's client libraries call their own errors: first `mysql2`, then `mariadb`. */
const MYSQL_LIBRARY_CODES: ReadonlySet<string> = new Set([
  "AUTH_SWITCH_PLUGIN_ERROR",
  "HANDSHAKE_NO_SSL_SUPPORT",
  "HANDSHAKE_SSL_ERROR",
  "HANDSHAKE_UNKNOWN_ERROR",
  "PROTOCOL_CONNECTION_LOST",

  "ER_ADD_CONNECTION_CLOSED_POOL",
  "ER_CLOSING_POOL",
  "ER_CMD_CONNECTION_CLOSED",
  "ER_CMD_NOT_EXECUTED_DESTROYED",
  "ER_CONNECTION_ALREADY_CLOSED",
  "ER_CONNECTION_TIMEOUT",
  "ER_GET_CONNECTION_TIMEOUT",
  "ER_PING_TIMEOUT",
  "ER_POOL_ALREADY_CLOSED",
  "ER_POOL_NOT_INITIALIZED",
  "ER_POOL_NO_CONNECTION",
  "ER_SERVER_SSL_DISABLED",
  "ER_SOCKET_TIMEOUT",
  "ER_SOCKET_UNEXPECTED_CLOSE",
]);

/** What client libraries say without a code: first `pg`, then `mysql2`. */
const MESSAGES =
  /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Can't add new command when connection is in closed state|Can't write in closed state|Pool is closed|No connections available|Queue limit reached)/;

/** Tells whether `error`, from any driver, says that the server could not be reached or talked to. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, errno, sqlState } = error as {
    readonly code?: unknown;
    readonly errno?: unknown;
    readonly sqlState?: unknown;
  };
  if (MYSQL_NUMBERS.has(errno)) return true;
  if (typeof sqlState === "string" && MYSQL_SQLSTATES.test(sqlState)) return true;
  if (typeof code === "string") {
    return SYSTEM_CODES.has(code) || MYSQL_LIBRARY_CODES.has(code) || SQLSTATES.test(code);
  }
  if (error instanceof AggregateError) return error.errors.some(isConnectionFailure);
  return MESSAGES.test(error.message);
}

/** Returns `DATABASE_UNAVAILABLE` for a connection that failed, and any other error as it is. */
export function explainConnectionFailure(error: unknown): unknown {
  if (!isConnectionFailure(error)) return error;
  return new TenancyError("DATABASE_UNAVAILABLE", "The database could not be reached.", {
    cause: error,
  });
}
