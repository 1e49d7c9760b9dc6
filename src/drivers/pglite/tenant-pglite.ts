import type { QueryOptions, Results, Transaction } from "@electric-sql/pglite";
import type { Scope } from "../../core/scope.ts";
import type { ScopedDatabase } from "./scoped-database.ts";

/**
 * The application's face of an embedded database: each call runs in the scope in force where it is
 * made. Results are PGlite's own.
 */
export class TenantPglite {
  readonly #database: ScopedDatabase;
  readonly #scope: () => Scope;

  /** @internal */
  constructor(database: ScopedDatabase, scope: () => Scope) {
    this.#database = database;
    this.#scope = scope;
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
    return await this.#database.transaction(this.#scope(), (tx) => tx.exec(text, options));
  }

  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it rejects. */
  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#database.transaction(this.#scope(), fn);
  }
}
