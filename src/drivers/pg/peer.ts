import type { EventEmitter } from "node:events";
import type { PoolClient } from "pg";

/** What the server says of the transaction in progress: idle, in one, or in one that failed. */
export type TransactionStatus = "I" | "T" | "E";

/** One message of the server about the end of a statement. */
export interface CommandCompleteMessage {
  /** Command tag, such as `"SELECT 1"`. */
  readonly text: string;
}

/**
 * The wire of one connection: the methods that `pg` gives to a submittable's `submit`.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export interface Wire extends EventEmitter {
  readonly stream: {
    cork(): void;
    uncork(): void;
    unref?(): void;
    write(bytes: Buffer): boolean;
  };
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name?: string }): void;
  bind(message: {
    statement?: string;
    values: unknown[];
    valueMapper?: (value: unknown) => unknown;
  }): void;
  execute(message: object): void;
  query(text: string): void;
  flush(): void;
  sync(): void;
  close(message: { type: "S"; name: string }): void;
}

/** The messages that `pg` hands to whatever was submitted: the part of the contract used here. */
export interface Submittable {
  submit(connection: Wire): Error | null | undefined | void;
  handleRowDescription?(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: CommandCompleteMessage, connection: Wire): void;
  handleReadyForQuery(connection: Wire): void;
  handleError(error: Error, connection: Wire): void;
  requiresPreparation?(): boolean;
  readonly text?: unknown;
  /** Where a query stream has its text. */
  readonly cursor?: { readonly text?: unknown };
  rows?: unknown;
  callback?: ((error: Error | null | undefined, result?: unknown) => void) | undefined;
}

/** `pg.Query`, with what its subclass here reads and sets. */
export interface PgQuery extends Submittable {
  readonly text: string;
  values: readonly unknown[] | undefined;
  name: string | undefined;
  queryMode: string | undefined;
  query_timeout?: number;
  requiresPreparation(): boolean;
  handleRowDescription(message: unknown): void;
}

/** `pg.Query`'s constructor. */
export type PgQueryClass = new (config: object | string, values?: readonly unknown[]) => PgQuery;

/** A client of the pool, with what is used here beyond the public type. */
export type PgClient = Omit<PoolClient, "connection"> & {
  readonly connection: Wire;
  /** Whether the server waits for a statement. */
  readonly readyForQuery: boolean;
  getTransactionStatus(): TransactionStatus | null;
};

/** What `query` accepts as an object: `pg`'s own configuration. */
export interface QueryConfig {
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
  readonly name?: string | undefined;
  readonly rowMode?: string | undefined;
  readonly types?: unknown;
  readonly queryMode?: string | undefined;
  readonly binary?: boolean | undefined;
  readonly portal?: string | undefined;
  readonly query_timeout?: number | undefined;
}

/** Node's way of saying how it went. */
export type Callback = (error: Error | null | undefined, result?: unknown) => void;

/**
 * In what state a statement left its connection: `ready` for the next; `failing`, when the server
 * refused it and has yet to say that it is ready; `broken`, when nobody knows.
 */
export type Aftermath = "ready" | "failing" | "broken";

/** As {@link Callback}, with the state of the connection. */
export type ExecuteCallback = (
  error: Error | null | undefined,
  result: unknown,
  aftermath: Aftermath,
) => void;

/** An error that the server sent. */
export interface ServerError extends Error {
  readonly severity: string;
  readonly code: string;
  readonly routine?: string;
}

/** Tells whether the server refused a statement and lives on, so that the connection does too. */
export function isStatementError(error: unknown): error is ServerError {
  const severity = error instanceof Error && (error as { severity?: unknown }).severity;
  // The server translates the word to its own language, where these two are mostly the same.
  return typeof severity === "string" && severity !== "FATAL" && severity !== "PANIC";
}

/** Tells whether something is a submittable, such as a `pg-cursor`. */
export function isSubmittable(value: unknown): value is Submittable {
  return typeof (value as { submit?: unknown } | null)?.submit === "function";
}
