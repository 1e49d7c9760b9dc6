import { AsyncLocalStorage } from "node:async_hooks";
import type { PGlite, QueryOptions, Results, Transaction } from "@electric-sql/pglite";
import type { DriverHost } from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { quoteIdentifier } from "../../dialects/postgres/identifier.ts";
import { searchPath } from "../../dialects/postgres/search-path.ts";
import { isTenancyError, TenancyError } from "../../errors/tenancy-error.ts";
import { Mutex } from "./mutex.ts";
import { codeOf, withoutValues } from "./results.ts";
import { checkSingle, explainStatement, refusesTransaction } from "./statement.ts";

/** The cast fails with 3F000 when the schema is missing; `search_path` itself takes any name. */
const ENTER =
  "select pg_catalog.set_config('search_path', $1, $3::pg_catalog.text::pg_catalog.bool), ($2::pg_catalog.text)::pg_catalog.regnamespace";

/**
 * Removes what a statement may leave in the session for the next tenant: temporary tables, settings,
 * cursors, prepared statements, the last values of sequences. Listening goes on: it is the registry's.
 */
const CLEAN =
  "close all; deallocate all; reset all; select pg_catalog.pg_advisory_unlock_all(); " +
  "discard temp; discard sequences; set search_path = ''";

/** An open database, and how to end it. */
export interface OpenDatabase {
  readonly database: PGlite;
  close(): Promise<void>;
}

interface OpenSession extends OpenDatabase {
  /** {@link CLEAN}, and back to the role that the database was opened with. */
  readonly clean: string;
}

/**
 * One embedded database, entered by one scope at a time.
 *
 * There is one session. Each statement runs in a transaction that enters its scope first, so that
 * nothing of the scope is left when it ends; outside, the session finds no table at all. What a
 * statement leaves in the session in spite of that is removed before the next one.
 */
export class ScopedDatabase {
  readonly #open: () => Promise<OpenDatabase>;
  readonly #host: DriverHost;
  readonly #mutex = new Mutex();
  /** The open transaction of an async chain, in which another statement would wait for ever. */
  readonly #around = new AsyncLocalStorage<{ isOpen: boolean }>();
  #session: Promise<OpenSession> | undefined;
  #closing: Promise<void> | undefined;
  #isUsed = false;

  constructor(open: () => Promise<OpenDatabase>, host: DriverHost) {
    this.#open = open;
    this.#host = host;
  }

  /** Runs one statement in `scope`. */
  async query<Row>(
    scope: Scope,
    text: string,
    params: readonly unknown[] = [],
    options?: QueryOptions,
  ): Promise<Results<Row>> {
    checkSingle(text);
    const values = [...params];
    try {
      return await this.#within(scope, (tx) => tx.query<Row>(text, values, options));
    } catch (error) {
      if (!refusesTransaction(error)) throw explainStatement(error);
      return await this.#outside(scope, (database) => database.query<Row>(text, values, options));
    }
  }

  /** Runs one statement in `scope`, in a transaction that only reads. */
  async read<Row>(
    scope: Scope,
    text: string,
    params: readonly unknown[] = [],
    options?: QueryOptions,
  ): Promise<Results<Row>> {
    checkSingle(text);
    try {
      const run = (tx: Transaction): Promise<Results<Row>> =>
        tx.query<Row>(text, [...params], options);
      return await this.#within(scope, run, "set transaction read only");
    } catch (error) {
      throw withoutValues(explainStatement(error));
    }
  }

  /** Runs trusted text of any number of statements in `scope`, in one transaction. */
  async exec(scope: Scope, text: string, options?: QueryOptions): Promise<Results[]> {
    return await this.#within(scope, (tx) => tx.exec(text, options));
  }

  /** Runs trusted text in `scope`, outside any transaction. */
  async outsideTransaction(scope: Scope, text: string): Promise<void> {
    await this.#outside(scope, (database) => database.exec(text));
  }

  /**
   * Runs `fn` in one transaction in `scope`, after the trusted SQL `first`.
   *
   * @throws TenancyError `TRANSACTION_ABORTED` when `fn` resolved although a statement had failed: the
   *   server then answers `commit` with a rollback, which not every release of PGlite reports
   */
  async transaction<T>(
    scope: Scope,
    fn: (tx: Transaction) => Promise<T>,
    first?: string,
  ): Promise<T> {
    const work = async (tx: Transaction): Promise<T> => {
      const around = { isOpen: true };
      try {
        const value = await this.#around.run(around, () => fn(tx));
        if (!tx.closed) await checkAlive(tx, scope);
        return value;
      } finally {
        around.isOpen = false;
      }
    };
    return await this.#within(scope, work, first);
  }

  /** Listens on a channel until the returned function is called. */
  async listen(
    channel: string,
    onMessage: (payload: string) => void,
  ): Promise<() => Promise<void>> {
    const { database } = await this.#opened();
    // It is called from whichever statement is under way, and belongs to no transaction.
    const stop = await database.listen(quoteIdentifier(channel), (payload) =>
      this.#around.run({ isOpen: false }, () => onMessage(payload)),
    );
    return async () => {
      if (!database.closed) await stop();
    };
  }

  /** Closes the database, after what is under way. */
  async close(): Promise<void> {
    this.#checkNotAround();
    this.#closing ??= this.#mutex.run(async () => {
      const session = await this.#session?.catch(() => undefined);
      await session?.close();
    });
    await this.#closing;
  }

  async #within<T>(scope: Scope, fn: (tx: Transaction) => Promise<T>, first?: string): Promise<T> {
    return await this.#alone((database) =>
      database.transaction(async (tx) => {
        if (first !== undefined) await tx.exec(first);
        // ISOLATION: local to the transaction, so that the next scope finds none of it. integration/pglite
        await this.#enter(tx, scope, true);
        return await fn(tx);
      }),
    );
  }

  async #outside<T>(scope: Scope, fn: (database: PGlite) => Promise<T>): Promise<T> {
    return await this.#alone(async (database) => {
      await this.#enter(database, scope, false);
      try {
        return await fn(database);
      } finally {
        // Whoever has the database itself must not find the scope in it. If this fails nothing is
        // lost: the next statement cleans the session, or is not run.
        await database.exec("rollback; set search_path = ''").catch(() => undefined);
      }
    });
  }

  async #alone<T>(fn: (database: PGlite) => Promise<T>): Promise<T> {
    this.#checkNotAround();
    return await this.#mutex.run(async () => {
      const { clean, database } = await this.#opened();
      try {
        // ISOLATION: temporary tables and settings outlive the transaction. integration/pglite
        if (this.#isUsed) await database.exec(clean);
        this.#isUsed = true;
        return await fn(database);
      } catch (error) {
        throw withoutValues(error);
      }
    });
  }

  #checkNotAround(): void {
    if (this.#around.getStore()?.isOpen !== true) return;
    throw new TenancyError(
      "INVALID_QUERY",
      "A call would wait for the transaction that it is made in, on the one session that there is.",
      { remedy: "Use the `tx` that the transaction's function received." },
    );
  }

  async #enter(on: Pick<PGlite, "query">, scope: Scope, isLocal: boolean): Promise<void> {
    const tenant = scope.kind === "tenant" ? scope.tenant : undefined;
    const schemaName = tenant?.schemaName ?? this.#host.globalSchema;
    try {
      const path = searchPath(schemaName, this.#host.sharedSchemas);
      await on.query(ENTER, [path, quoteIdentifier(schemaName), String(isLocal)]);
    } catch (error) {
      if (codeOf(error) !== "3F000") throw error;
      this.#host.onSchemaMissing(schemaName);
      const whose = tenant === undefined ? "the global scope" : `tenant "${tenant.slug}"`;
      throw new TenancyError(
        "SCHEMA_NOT_FOUND",
        `The schema "${schemaName}" of ${whose} does not exist.`,
        { cause: error, tenant: tenant?.slug },
      );
    }
  }

  #opened(): Promise<OpenSession> {
    if (this.#closing !== undefined) {
      throw new TenancyError("TENANCY_CLOSED", "The embedded database was closed.");
    }
    this.#session ??= this.#start().catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #start(): Promise<OpenSession> {
    try {
      const open = await this.#open();
      const { rows } = await open.database.query<{ role: string }>("select current_user as role");
      await open.database.exec("set search_path = ''");
      const role = quoteIdentifier(rows[0]?.role ?? "postgres");
      return { ...open, clean: `${CLEAN}; set session authorization default; set role ${role}` };
    } catch (error) {
      if (isTenancyError(error)) throw error;
      throw new TenancyError("DATABASE_UNAVAILABLE", "The embedded database could not be opened.", {
        cause: error,
        remedy: "Look at the cause, and check that its folder can be written.",
      });
    }
  }
}

async function checkAlive(tx: Transaction, scope: Scope): Promise<void> {
  try {
    await tx.query("select");
  } catch (error) {
    if (codeOf(error) !== "25P02") throw error;
    throw new TenancyError(
      "TRANSACTION_ABORTED",
      "A transaction was rolled back, because one of its statements had failed.",
      { cause: error, tenant: scope.kind === "tenant" ? scope.tenant.slug : undefined },
    );
  }
}
