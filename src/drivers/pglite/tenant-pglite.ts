import type { QueryOptions, Results, Transaction } from "@electric-sql/pglite";
import type { Scope } from "../../core/scope.ts";
import type { ScopedDatabase } from "./scoped-database.ts";

/**
 * The application's face of an embedded database: each call runs in the scope in force where it is
 * made. Results are PGlite's own: an `int8` is a number, or a `bigint` when it is too large for one.
 */
export class TenantPglite {
  readonly #database: ScopedDatabase;
  readonly #scope: () => Scope;
  readonly #close: () => Promise<void>;

  /** @internal */
  constructor(database: ScopedDatabase, scope: () => Scope, close: () => Promise<void>) {
    this.#database = database;
    this.#scope = scope;
    this.#close = close;
  }

  /** Runs one statement. @throws TenancyError `TENANT_REQUIRED`, `SCHEMA_NOT_FOUND` */
  async query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Results<Row>> {
    return await this.#database.query<Row>(this.#scope(), text, params, options);
  }

  /** Runs one statement, written as a template whose values become parameters. */
  async sql<Row = Record<string, unknown>>(
    strings: TemplateStringsArray,
    ...values: unknown[]
  ): Promise<Results<Row>> {
    const text = strings.reduce((before, next, index) => `${before}$${index}${next}`);
    return await this.query<Row>(text, values);
  }

  /** Runs trusted text of any number of statements, in one transaction. */
  async exec(text: string, options?: QueryOptions): Promise<Results[]> {
    return await this.#database.exec(this.#scope(), text, options);
  }

  /**
   * Runs `fn` in one transaction: committed when it resolves, rolled back when it rejects.
   *
   * Everything else waits until it has ended; a call that `fn` makes beside its `tx` is refused with
   * `INVALID_QUERY`, as it would wait for ever. @throws TenancyError `TRANSACTION_ABORTED`
   */
  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#database.transaction(this.#scope(), fn);
  }

  /** Closes the database, for every scope. It may be called again. */
  async close(): Promise<void> {
    await this.#close();
  }
}
