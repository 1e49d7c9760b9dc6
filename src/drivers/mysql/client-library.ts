import type { DriverHost, QueryResult } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import type { ServerAddress } from "./shell.ts";

/** What the MySQL driver needs of a client library: the only code that knows its types. */
export interface ClientLibrary<Pool> {
  /** The driver's name, such as `"mysql2"`. */
  readonly name: string;
  /** The database that the connection's options name; the global scope's unless configured. */
  readonly database: string | undefined;
  /** Where the server is, as the connection's options say. */
  readonly address: ServerAddress;
  /** Makes the application's pool. Does no I/O. */
  createPool(host: DriverHost): TenantPool<Pool>;
  /**
   * Makes connections apart from the application's pool, at most so many at a time: they begin without
   * a database, refuse several statements in one text, and read values as the application's do.
   */
  createWires(max: number): Wires;
  /** Makes connections that take several statements in one text: {@link Wire.queryMany}. */
  createBatchWires(max: number): Wires;
}

/** Connections apart from the application's pool. */
export interface Wires {
  /** Takes one, waiting for its turn. Rejects as the client library does. */
  acquire(): Promise<Wire>;
  /** Closes all of them. */
  end(): Promise<void>;
}

/** One raw connection: what is sent on it enters no scope. */
export interface Wire {
  /** Runs one statement, `?` for parameters, and reads its first result. */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /**
   * Runs a text of several statements, which the driver itself has written, and reads what each of them
   * returns. Only on connections that were made for it.
   */
  queryMany?(text: string): Promise<readonly QueryResult[]>;
  /** Writes parameters into a text, as `query` does; absent where the client library cannot say how. */
  format?(text: string, params: readonly unknown[]): string;
  /** Ends what the session holds (transaction, locks, settings, temporary tables, statements). */
  reset(): Promise<void>;
  /** Gives it back to its pool, or closes it. */
  release(destroy: boolean): void;
}

/** The application's pool, in which every query runs in the scope where it was called. */
export interface TenantPool<Pool> {
  /** What the application and its ORM get. */
  readonly pool: Pool;
  /** A view of it that is bound to one scope and reads no ambient one. */
  poolFor(scope: Scope): Pool;
  /** Runs one statement in `scope`. */
  query<Row>(scope: Scope, text: string, params?: readonly unknown[]): Promise<QueryResult<Row>>;
  /** Takes a connection for one scope. */
  lease(scope: Scope): Promise<ScopedWire>;
  /** Ends every connection; who still waits for one gets an error. */
  end(): Promise<void>;
}

/** A connection of the application's pool, held for one scope. */
export interface ScopedWire {
  /** Runs one statement in the scope. */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /** Gives it back, clean. Later calls do nothing. */
  release(): void;
}
