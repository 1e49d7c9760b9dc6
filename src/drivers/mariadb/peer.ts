import type { Connection, QueryOptions } from "mariadb";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** One query as the application gave it, in one form. */
export interface Request {
  /** Its text. */
  readonly sql: string;
  /** The options that came with it. */
  readonly options: Omit<QueryOptions, "sql"> | undefined;
  /** Values of its placeholders; `undefined` to look for none. */
  readonly values: unknown;
}

/** `SERVER_STATUS_IN_TRANS` */
const IN_TRANSACTION = 1;

/** What is read of a connection's `info`, and is not in its type. */
interface SessionInfo {
  readonly database?: unknown;
  readonly status: number;
}

/**
 * Whether a transaction is open, as the server said last. After an error, which does not say, the
 * client library assumes one.
 */
export function mayBeInTransaction(connection: Connection): boolean {
  return ((connection.info?.status ?? IN_TRANSACTION) & IN_TRANSACTION) !== 0;
}

/** The database that the server reported last, where it reports them. */
export function reportedDatabase(connection: Connection): unknown {
  return (connection.info as SessionInfo | null)?.database;
}

/**
 * Puts the ways to give a query into one.
 *
 * @throws TenancyError `INVALID_QUERY` when there is no text
 */
export function toRequest(first: string | QueryOptions, values?: unknown): Request {
  if (typeof first === "string" && first !== "") {
    return { options: undefined, sql: first, values };
  }
  if (typeof first === "object" && first !== null && typeof first.sql === "string") {
    const { sql, ...options } = first;
    const own = (first as { values?: unknown }).values;
    if (sql !== "") return { options, sql, values: own || values };
  }
  throw new TenancyError("INVALID_QUERY", "A query has no text.");
}

/** Returns a request in the client library's own form, with another text. */
export function withText({ options }: Request, sql: string): string | QueryOptions {
  return options === undefined ? sql : { ...options, sql };
}

/**
 * The character set in which the client library writes: it follows the session, where the server
 * reports such changes.
 */
export function charsetOf(connection: Connection): string {
  const { collation } = (connection.info ?? {}) as { readonly collation?: { charset?: string } };
  return collation?.charset ?? "utf8";
}

/** Whether the client library has given up a connection because of this error. */
export function isFatal(error: unknown): boolean {
  return (error as { fatal?: unknown } | null)?.fatal === true;
}
