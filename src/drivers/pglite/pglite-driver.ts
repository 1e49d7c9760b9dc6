import type {
  PGlite,
  PGliteOptions,
  Results,
  Transaction as PgliteTransaction,
} from "@electric-sql/pglite";
import type {
  Driver,
  DriverHost,
  QueryResult,
  Session,
  SessionOptions,
  Subscriber,
  Transaction,
} from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { postgres } from "../../dialects/postgres/index.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { NamedLocks } from "./mutex.ts";
import { ScopedDatabase } from "./scoped-database.ts";
import { TenantPglite } from "./tenant-pglite.ts";

const DEFAULT_LOCK_TIMEOUT_MS = 10_000;

/** Options of the PGlite driver: PGlite's own, or a database that is open already. */
export interface PgliteOptions extends PGliteOptions {
  /** An open database. It is closed with the tenancy. */
  readonly db?: PGlite;
}

/** PostgreSQL inside the process, for development and tests. */
export class PgliteDriver implements Driver<TenantPglite> {
  readonly name = "pglite";
  readonly dialect: typeof postgres = postgres;
  readonly #options: PgliteOptions;
  readonly #locks = new NamedLocks();
  readonly #views = new WeakMap<Scope, TenantPglite>();
  #attachment: { readonly database: ScopedDatabase; readonly pool: TenantPglite } | undefined;

  constructor(options: PgliteOptions) {
    this.#options = options;
  }

  get pool(): TenantPglite {
    return this.#attached().pool;
  }

  attach(host: DriverHost): void {
    if (this.#attachment !== undefined) {
      throw new TenancyError(
        "INVALID_CONFIG",
        "The database driver already belongs to a tenancy.",
        {
          remedy: "Call `pglite(…)` once for each tenancy.",
        },
      );
    }
    const database = new ScopedDatabase(() => open(this.#options), host);
    const pool = new TenantPglite(database, () => {
      const scope = host.currentScope();
      if (scope === undefined) {
        throw new TenancyError("TENANT_REQUIRED", "A query was sent in no tenant's scope.");
      }
      return scope;
    });
    this.#attachment = { database, pool };
  }

  poolFor(scope: Scope): TenantPglite {
    let view = this.#views.get(scope);
    if (view === undefined) {
      view = new TenantPglite(this.#attached().database, () => scope);
      this.#views.set(scope, view);
    }
    return view;
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return toQueryResult(await this.#attached().database.query<Row>(scope, text, params));
  }

  async transaction<T>(scope: Scope, fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return await inTransaction(this.#attached().database, scope, fn);
  }

  async session<T>(options: SessionOptions, fn: (session: Session) => Promise<T>): Promise<T> {
    const { database } = this.#attached();
    let isOpen = true;
    const check = (): void => {
      if (isOpen) return;
      throw new TenancyError("LEASE_ENDED", "A database session was used after its end.");
    };
    const session: Session = {
      query: async <Row>(scope: Scope, text: string, params?: readonly unknown[]) => {
        check();
        return toQueryResult(await database.query<Row>(scope, text, params));
      },
      queryOutsideTransaction: async (scope, text) => {
        check();
        await database.outsideTransaction(scope, text);
      },
      transaction: async (scope, work, { first } = {}) => {
        check();
        return await inTransaction(database, scope, work, first);
      },
    };
    const work = async (): Promise<T> => {
      try {
        return await fn(session);
      } finally {
        isOpen = false;
      }
    };
    if (options.lock === undefined) return await work();
    const timeoutMs = options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS;
    return await this.#locks.hold(options.lock, timeoutMs, work);
  }

  async subscribe(channel: string, subscriber: Subscriber): Promise<() => Promise<void>> {
    const stop = await this.#attached().database.listen(channel, (payload) =>
      subscriber.onMessage(payload),
    );
    subscriber.onStatus(true);
    return stop;
  }

  async close(): Promise<void> {
    await this.#attachment?.database.close();
  }

  #attached(): { readonly database: ScopedDatabase; readonly pool: TenantPglite } {
    if (this.#attachment === undefined) {
      throw new TenancyError("INVALID_CONFIG", "The database driver belongs to no tenancy yet.", {
        remedy: "Pass it to `createTenancy({ database: pglite(…) })` first.",
      });
    }
    return this.#attachment;
  }
}

async function open({ db, ...options }: PgliteOptions): Promise<PGlite> {
  if (db !== undefined) return db;
  const { PGlite: Database } = await import("@electric-sql/pglite");
  return await Database.create(options);
}

async function inTransaction<T>(
  database: ScopedDatabase,
  scope: Scope,
  fn: (tx: Transaction) => Promise<T>,
  first?: string,
): Promise<T> {
  let isOpen = true;
  const check = (): void => {
    if (isOpen) return;
    throw new TenancyError("LEASE_ENDED", "A transaction was used after its end.");
  };
  const wrap = (tx: PgliteTransaction): Transaction => ({
    query: async <Row>(text: string, params?: readonly unknown[]) => {
      check();
      return toQueryResult(await tx.query<Row>(text, params === undefined ? [] : [...params]));
    },
    script: async (text) => {
      check();
      await tx.exec(text);
    },
  });
  let isDone = false;
  const work = async (tx: PgliteTransaction): Promise<T> => {
    const value = await fn(wrap(tx));
    isDone = true;
    return value;
  };
  try {
    return await database.transaction(scope, work, first);
  } catch (error) {
    throw isDone ? explainCommit(error, scope) : error;
  } finally {
    isOpen = false;
  }
}

function explainCommit(error: unknown, scope: Scope): unknown {
  if ((error as { readonly code?: unknown } | null)?.code !== "25P02") return error;
  return new TenancyError(
    "TRANSACTION_ABORTED",
    "A transaction was rolled back, because one of its statements had failed.",
    { cause: error, tenant: scope.kind === "tenant" ? scope.tenant.slug : undefined },
  );
}

function toQueryResult<Row>(results: Results<Row>): QueryResult<Row> {
  return { rowCount: results.affectedRows || results.rows.length, rows: results.rows };
}
