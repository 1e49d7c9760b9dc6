import type { EventEmitter } from "node:events";

/** One message of the server. */
export interface Packet {
  readonly buffer: Buffer;
  readonly offset: number;
  isEOF(): boolean;
  isError(): boolean;
  eofStatusFlags(): number;
}

/** The end of a statement without rows: the server's OK packet. */
export interface OkPacket {
  readonly affectedRows: number;
  /** A string where the application wants big numbers as such. */
  readonly insertId: number | string;
  readonly serverStatus?: number;
  readonly stateChanges?: { readonly schema: string | null };
}

/** What a command does with the next message of the server; returns what it does with the one after. */
export type CommandState = (packet: Packet, connection: RawConnection) => CommandState | null;

/** How `mysql2` calls back: with an error, or with what a statement has returned. */
export type Callback = (
  error: Error | null | undefined,
  result?: unknown,
  fields?: unknown,
) => void;

/**
 * What `mysql2` does on a connection, one after the other: the part of its commands that is used here.
 * `start` sends, and returns the first state; `execute` gives a message to the state it is in.
 */
export interface Command extends EventEmitter {
  next: CommandState | null;
  start: (packet: Packet | undefined, connection: RawConnection) => CommandState | null;
  execute: (packet: Packet | undefined, connection: RawConnection) => boolean;
  doneInsert?: (ok: OkPacket | null) => CommandState | null;
  onResult?: Callback | undefined;
  /** Text of queries and executions. */
  sql?: string;
  /** Text of preparations. */
  query?: string;
  values?: unknown;
  namedPlaceholders?: boolean | undefined;
  queryTimeout?: NodeJS.Timeout | null;
  /** Of preparations: what its statement is found by. */
  readonly options?: object;
  readonly key?: string;
  /** Of executions. */
  readonly statement?: PreparedStatement;
}

/** A statement that was prepared. */
export interface PreparedStatement {
  readonly id: number;
  readonly query: string;
  execute(values: unknown, callback?: Callback): Command;
  close(): Command;
}

/** The prepared statements of a connection, by their text. */
export interface StatementCache {
  get(key: string): PreparedStatement | undefined;
  delete(key: string): boolean;
  values(): Iterable<PreparedStatement>;
  clear(): void;
}

/** Settings of one connection: what of them is read here. */
export interface ConnectionConfig {
  readonly charsetNumber: number;
  readonly clientFlags: number;
  readonly compress?: boolean | number;
  readonly queryFormat?: unknown;
  readonly namedPlaceholders?: boolean;
  readonly stringifyObjects?: boolean;
  readonly timezone?: string;
  readonly gracefulEnd?: boolean;
  database: string | undefined;
}

/** A connection of `mysql2`'s pool, with what is used here beyond the public type. */
export interface RawConnection extends EventEmitter {
  /** Writes parameters into a text, as `query` does. */
  format(sql: string, values: readonly unknown[]): string;
  config: ConnectionConfig;
  readonly stream: EventEmitter & { cork?(): void; uncork?(): void; ref?(): void; unref?(): void };
  sequenceId: number;
  readonly _paused?: boolean;
  /** Its pool, for as long as it belongs to one. */
  readonly _pool?: unknown;
  readonly _statements?: StatementCache;
  /** Set by `kirayedar/testing`, where transactions are savepoints: whether it has one of its own. */
  hasSavepoint?: () => boolean | undefined;
  addCommand: (command: Command) => Command;
  write(bytes: Buffer): void;
  _resetSequenceId(): void;
  query(sql: string | object, values?: unknown, callback?: unknown): Command;
  execute(sql: string | object, values?: unknown, callback?: unknown): Command;
  prepare(sql: string | object, callback?: Callback): Command;
  reset(callback: (error?: Error | null) => void): Command;
  connect(callback: (error: Error | null | undefined) => void): void;
  resume(): void;
  release(): void;
  destroy(): void;
}

/** How a pool hands a connection out. */
export type TakeCallback = (error: Error | null | undefined, connection?: RawConnection) => void;

/** The part of `mysql2`'s pool that is built on. */
export interface BasePool extends EventEmitter {
  readonly config: {
    readonly connectionConfig: ConnectionConfig;
    readonly connectionLimit: number;
  };
  readonly _closed: boolean;
  getConnection(callback: TakeCallback): void;
  releaseConnection(connection: unknown): void;
  end(callback?: (error?: Error | null) => void): void;
}

/** The constructor of that pool. */
export interface BasePoolClass {
  readonly prototype: BasePool;
  new (settings: { readonly config: BasePool["config"] }): BasePool;
}

/** The part of the module `mysql2` that is used. */
export interface ClientModule {
  readonly Pool: BasePoolClass;
  readonly PoolConnection?: { readonly prototype: RawConnection };
  readonly Charsets: Readonly<Record<string, number>>;
  createPool(options: object): BasePool;
  createConnection(options: object): RawConnection;
  createQuery(sql: unknown, values: unknown, callback: unknown, config: object): Command;
  format(sql: string, values: unknown, stringifyObjects?: boolean, timezone?: string): string;
}

/** Status that the server sends at the end of statements. */
export const STATUS = { inTransaction: 0x0001, moreResults: 0x0008 } as const;

/**
 * Number of the server's error when it ends the session, also for a message that is too long; the
 * connection then learns of it late.
 */
const ENDED: ReadonlySet<unknown> = new Set([1053, 1153, 1927, 3169, 4031]);

/** Whether an error means that its connection is of no more use. */
export function isFatal(error: Error): boolean {
  const { errno, fatal } = error as { readonly errno?: unknown; readonly fatal?: unknown };
  return fatal === true || ENDED.has(errno);
}

/** A server that is no longer the one that is written to, as `mysql2`'s own pool tells it. */
const READ_ONLY: ReadonlySet<unknown> = new Set([1290, 1792, 1836]);

/** Whether `mysql2`'s pool closes a connection after this error of a query. */
export function isReadOnly(error: Error): boolean {
  return READ_ONLY.has((error as { readonly errno?: unknown }).errno);
}

/** Whether a command prepares a statement. */
export function isPreparation(command: Command): boolean {
  return typeof (command as { prepareHeader?: unknown }).prepareHeader === "function";
}

/** Whether a command executes a prepared statement. */
export function isExecution(command: Command): boolean {
  return (
    typeof (command as { buildParserFromFields?: unknown }).buildParserFromFields === "function"
  );
}

/** Whether a command leaves the session as it is: a ping, or the end of a prepared statement. */
export function isHarmless(command: Command): boolean {
  const { id, pingResponse } = command as {
    readonly id?: unknown;
    readonly pingResponse?: unknown;
  };
  return typeof pingResponse === "function" || (typeof id === "number" && !("onResult" in command));
}
