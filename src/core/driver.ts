import type { Dialect } from "./dialect.ts";
import type { Logger } from "./logger.ts";
import type { Scope } from "./scope.ts";

/** What a query resolves with: the part of `pg`'s result that every driver has. */
export interface QueryResult<Row = Record<string, unknown>> {
  /** The rows, as objects by column name. */
  readonly rows: Row[];
  /** Rows returned or changed; `null` where the statement has no such number. */
  readonly rowCount: number | null;
}

/** Anything that runs one statement at a time; parameters are `$1` … on PostgreSQL, and `?` on MySQL. */
export interface Queryable {
  /** Runs one statement. */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
}

/** One open transaction, in one scope, on one connection. Ends with the function that received it. */
export interface Transaction extends Queryable {
  /**
   * Runs trusted text of any number of statements, in one message.
   *
   * @throws the driver's error; its `statementIndex` (from 0) tells which statement failed, where
   *   the driver can know it
   */
  script(text: string): Promise<void>;
  /**
   * Whether nothing was committed yet: always, unless the engine commits DDL at once and such a
   * statement was run.
   */
  isIntact(): Promise<boolean>;
}

/**
 * One connection apart from the application's pool, for lifecycle work and migrations. Ends with
 * the function that received it. Every call names its scope; nothing remains of it afterwards.
 */
export interface Session {
  /** Runs one statement in `scope`. */
  query<Row = Record<string, unknown>>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /**
   * Runs one statement in `scope`, outside any transaction, for statements that refuse one
   * (`create index concurrently`, `vacuum`).
   */
  queryOutsideTransaction(scope: Scope, text: string): Promise<void>;
  /**
   * Runs `fn` in one transaction: committed when it resolves, rolled back when it rejects.
   * A nested scope is not possible; take what is needed from both schemas by qualified name.
   */
  transaction<T>(
    scope: Scope,
    fn: (tx: Transaction) => Promise<T>,
    options?: SessionTransactionOptions,
  ): Promise<T>;
  /**
   * Runs trusted text of any number of statements in `scope`, in one message that is one transaction:
   * all of it, or nothing. What a text before it has left in the session is gone. `undefined` where
   * no transaction holds DDL, and in a session whose own lock, or whose preparation by the
   * application, would be gone too.
   *
   * @throws TenancyError `TENANT_BUSY` when the lock is not free; `SCHEMA_NOT_FOUND`; the driver's error
   */
  readonly script?:
    | ((scope: Scope, text: string, options?: SessionScriptOptions) => Promise<void>)
    | undefined;
}

/** How {@link Session.script} runs. */
export interface SessionScriptOptions {
  /** Name of an exclusive lock, held across processes for as long as the text runs; tried once. */
  readonly lock?: string;
  /** Whether it is known that the text leaves nothing in the session. Default `false`. */
  readonly leavesNothing?: boolean;
}

/** How {@link Session.transaction} begins. */
export interface SessionTransactionOptions {
  /**
   * Trusted SQL that runs in the transaction before its scope is entered: the making of the very
   * schema that is the scope. Entering a scope whose schema is missing fails.
   */
  readonly first?: string;
}

/** How {@link Driver.session} takes its connection. */
export interface SessionOptions {
  /** Name of an exclusive lock, held across processes until the session ends. */
  readonly lock?: string;
  /** How long to wait for the lock, in milliseconds; 0 tries once. Default 10,000. */
  readonly lockTimeoutMs?: number;
}

/** How {@link Driver.queryEach} asks. */
export interface QueryEachOptions {
  /** From 0. The same number is the same connection while it lives, which knows its tenants' tables. */
  readonly shard: number;
}

/** A program that a person uses one scope with: see {@link Driver.shell}. */
export interface Shell {
  /** Programs that do it, the preferred one first. */
  readonly commands: readonly string[];
  /** Its arguments. Never a password: every user of the machine may read them. */
  readonly args: readonly string[];
  /** Variables of its environment, beside those there are; `undefined` for one that it must not see. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it reads from a file that nobody else may read. */
  readonly file?: ShellFile;
}

/** A file of a {@link Shell}. */
export interface ShellFile {
  /** What is in it. */
  readonly text: string;
  /** Returns the argument that names it; the first one. */
  toArgument(path: string): string;
}

/** What hears from the database: see {@link Driver.subscribe}. */
export interface Subscriber {
  /** A message on the channel. */
  onMessage(payload: string): void;
  /** Whether messages now arrive. After `false` some may have been missed, also by the next `true`. */
  onStatus(connected: boolean): void;
}

/** What a tenancy gives to its driver when it takes it over. */
export interface DriverHost {
  /** Returns the ambient scope, or `undefined`. Called synchronously, where the user's call enters. */
  currentScope(): Scope | undefined;
  /** Schema of the global scope. */
  readonly globalSchema: string;
  /** Schemas behind the tenant's and the global one in the search path, for extensions and the like. */
  readonly sharedSchemas: readonly string[];
  /** Where log lines go. */
  readonly logger: Logger;
  /** Called when a tenant's schema turned out to be missing, so that caches forget the tenant. */
  onSchemaMissing(schemaName: string): void;
}

/**
 * One database server, reached through one client library: the only code that switches tenants.
 *
 * @typeParam Pool - the pool that the application and its ORM use
 */
export interface Driver<Pool = unknown> {
  /** The driver's name, such as `"pg"`. */
  readonly name: string;
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /**
   * Schema of the global scope unless the configuration names one: `"public"` on PostgreSQL, on MySQL
   * the database that the connection's options name, or `undefined` if they name none.
   */
  readonly defaultSchema: string | undefined;
  /** The application's pool: runs each query in the scope in force where it is called. */
  readonly pool: Pool;
  /** Gives the driver to one tenancy. Called once, before anything else; does no I/O. */
  attach(host: DriverHost): void;
  /** Returns a view of the pool that is bound to one scope and reads no ambient one. */
  poolFor(scope: Scope): Pool;
  /** Runs one statement in `scope`, on a connection of the application's pool. */
  query<Row = Record<string, unknown>>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>>;
  /** Runs `fn` in one transaction in `scope`, on a connection of the application's pool. */
  transaction<T>(scope: Scope, fn: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs `fn` with a connection apart from the application's pool, if asked under a lock.
   *
   * @throws TenancyError `TENANT_BUSY` when the lock is not free in time
   */
  session<T>(options: SessionOptions, fn: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Runs one statement that only reads in each of several scopes, on a connection apart from the
   * application's pool, and as many of them in one message as the protocol allows. Values are read as
   * `query` reads them. A scope in which it fails leaves the others as they are.
   *
   * @returns for each scope, in their order, the result or why there is none
   * @throws TenancyError `INVALID_QUERY` for a text that would leave something in the session;
   *   `DATABASE_UNAVAILABLE`, or the driver's error when the connection is lost
   */
  queryEach<Row = Record<string, unknown>>(
    scopes: readonly Scope[],
    text: string,
    params: readonly unknown[] | undefined,
    options: QueryEachOptions,
  ): Promise<PromiseSettledResult<QueryResult<Row>>[]>;
  /** Tells how a person is let into a scope; absent where no program can reach the database. */
  shell?(scope: Scope): Promise<Shell>;
  /**
   * Listens for messages on `channel` until the returned function is called; reconnects by itself.
   * Never keeps the process alive. `undefined` when the database cannot notify.
   */
  subscribe(channel: string, subscriber: Subscriber): Promise<() => Promise<void>> | undefined;
  /** Ends every connection. */
  close(): Promise<void>;
  /**
   * Makes another driver of the kind, which belongs to no tenancy yet, of the options that this one was
   * made with, as they are changed: for `kirayedar/testing`.
   *
   * @internal
   */
  remake?(change: <Options extends object>(options: Options) => Options): Driver<Pool>;
}
