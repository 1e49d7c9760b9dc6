import { AsyncLocalStorage } from "node:async_hooks";
import type { PGlite, QueryOptions, Results, Transaction } from "@electric-sql/pglite";
import type { DriverHost } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { quoteIdentifier } from "../../dialects/postgres/identifier.ts";
import { searchPath } from "../../dialects/postgres/search-path.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { Mutex } from "./mutex.ts";

/** The cast fails with 3F000 when the schema is missing; `search_path` itself takes any name. */
const ENTER =
  "select pg_catalog.set_config('search_path', $1, $3::pg_catalog.text::pg_catalog.bool), ($2::pg_catalog.text)::pg_catalog.regnamespace";

/**
 * One embedded database, entered by one scope at a time.
 *
 * There is one session. Each statement runs in a transaction that enters its scope first, so that
 * nothing of the scope is left when it ends; outside, the session finds no table at all.
 */
export class ScopedDatabase {
  readonly #open: () => Promise<PGlite>;
  readonly #host: DriverHost;
  readonly #mutex = new Mutex();
  /** Marks the async chain of an open transaction, in which another statement would wait for ever. */
  readonly #inside = new AsyncLocalStorage<true>();
  #database: Promise<PGlite> | undefined;
  #isClosed = false;

  constructor(open: () => Promise<PGlite>, host: DriverHost) {
    this.#open = open;
    this.#host = host;
  }

  /** Runs one statement in `scope`. */
  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<Results<Row>> {
    const values = params === undefined ? [] : [...params];
    try {
      return await this.transaction(scope, (tx) => tx.query<Row>(text, values, options));
    } catch (error) {
      if (!refusesTransaction(error)) throw error;
      return await this.#outside(scope, (database) => database.query<Row>(text, values, options));
    }
  }

  /** Runs one statement in `scope`, outside any transaction. */
  async outsideTransaction(scope: Scope, text: string): Promise<void> {
    await this.#outside(scope, (database) => database.exec(text));
  }

  /** Runs `fn` in one transaction in `scope`, after the trusted SQL `first`. */
  async transaction<T>(
    scope: Scope,
    fn: (tx: Transaction) => Promise<T>,
    first?: string,
  ): Promise<T> {
    return await this.#alone((database) =>
      database.transaction(async (tx) => {
        if (first !== undefined) await tx.exec(first);
        // ISOLATION: local to the transaction, so that the next scope finds none of it. integration/pglite
        await this.#enter(tx, scope, true);
        return await this.#inside.run(true, () => fn(tx));
      }),
    );
  }

  /** Listens on a channel until the returned function is called. */
  async listen(
    channel: string,
    onMessage: (payload: string) => void,
  ): Promise<() => Promise<void>> {
    const database = await this.#opened();
    const stop = await database.listen(quoteIdentifier(channel), onMessage);
    return async () => {
      if (!database.closed) await stop();
    };
  }

  /** Closes the database, after what is under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#mutex.run(async () => {
      const database = await this.#database?.catch(() => undefined);
      await database?.close();
    });
  }

  async #outside<T>(scope: Scope, fn: (database: PGlite) => Promise<T>): Promise<T> {
    return await this.#alone(async (database) => {
      await this.#enter(database, scope, false);
      try {
        return await fn(database);
      } finally {
        await database.exec("set search_path = ''");
      }
    });
  }

  async #alone<T>(fn: (database: PGlite) => Promise<T>): Promise<T> {
    if (this.#inside.getStore() === true) {
      throw new TenancyError(
        "INVALID_QUERY",
        "A statement was sent beside an open transaction, on the one session that there is.",
        { remedy: "Use the `tx` that the transaction's function received." },
      );
    }
    return await this.#mutex.run(async () => await fn(await this.#opened()));
  }

  async #enter(on: Pick<PGlite, "query">, scope: Scope, isLocal: boolean): Promise<void> {
    const tenant = scope.kind === "tenant" ? scope.tenant : undefined;
    const schemaName = tenant?.schemaName ?? this.#host.globalSchema;
    try {
      const path = searchPath(schemaName, this.#host.sharedSchemas);
      await on.query(ENTER, [path, quoteIdentifier(schemaName), String(isLocal)]);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== "3F000") throw error;
      this.#host.onSchemaMissing(schemaName);
      const whose = tenant === undefined ? "the global scope" : `tenant "${tenant.slug}"`;
      throw new TenancyError(
        "SCHEMA_NOT_FOUND",
        `The schema "${schemaName}" of ${whose} does not exist.`,
        { cause: error, tenant: tenant?.slug },
      );
    }
  }

  #opened(): Promise<PGlite> {
    if (this.#isClosed) {
      throw new TenancyError("TENANCY_CLOSED", "The embedded database was closed.");
    }
    this.#database ??= this.#start().catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  async #start(): Promise<PGlite> {
    try {
      const database = await this.#open();
      await database.exec("set search_path = ''");
      return database;
    } catch (error) {
      throw new TenancyError("DATABASE_UNAVAILABLE", "The embedded database could not be opened.", {
        cause: error,
        remedy: "Check that its folder can be written, and that no other process has it open.",
      });
    }
  }
}

function refusesTransaction(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === "25001";
}
