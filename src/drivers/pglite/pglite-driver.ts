import type { Transaction as PgliteTransaction } from "@electric-sql/pglite";
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
import { closeOnce, openDatabase, type PgliteOptions } from "./open-database.ts";
import { LIKE_PG, toQueryResult, withoutValues } from "./results.ts";
import { ScopedDatabase } from "./scoped-database.ts";
import { TenantPglite } from "./tenant-pglite.ts";

const DEFAULT_LOCK_TIMEOUT_MS = 10_000;

/** PostgreSQL inside the process, for development and tests. */
export class PgliteDriver implements Driver<TenantPglite> {
  readonly name = "pglite";
  readonly dialect: typeof postgres = postgres;
  readonly defaultSchema = "public";
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
    const database = new ScopedDatabase(() => openDatabase(this.#options), host);
    const pool = this.#view(database, () => {
      const scope = host.currentScope();
      if (scope === undefined) {
        throw new TenancyError("TENANT_REQUIRED", "A query was sent in no tenant's scope.");
      }
      return scope;
    });
    this.#attachment = { database, pool };
  }

  remake(change: (options: PgliteOptions) => PgliteOptions): PgliteDriver {
    return new PgliteDriver(change(this.#options));
  }

  poolFor(scope: Scope): TenantPglite {
    let view = this.#views.get(scope);
    if (view === undefined) {
      view = this.#view(this.#attached().database, () => scope);
      this.#views.set(scope, view);
    }
    return view;
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const { database } = this.#attached();
    return toQueryResult(await database.query<Row>(scope, text, params, LIKE_PG));
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
        return toQueryResult(await database.query<Row>(scope, text, params, LIKE_PG));
      },
      queryOutsideTransaction: async (scope, text) => {
        check();
        await database.outsideTransaction(scope, text);
      },
      script: async (scope, text, { lock } = {}) => {
        check();
        const run = async (): Promise<void> => void (await database.exec(scope, text));
        await (lock === undefined ? run() : this.#locks.hold(lock, 0, run));
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

  async queryEach<Row>(
    scopes: readonly Scope[],
    text: string,
    params: readonly unknown[] | undefined,
  ): Promise<PromiseSettledResult<QueryResult<Row>>[]> {
    const { database } = this.#attached();
    const outcomes: PromiseSettledResult<QueryResult<Row>>[] = [];
    for (const scope of scopes) {
      const read = database.read<Row>(scope, text, params, LIKE_PG).then(toQueryResult);
      // There is one session: it is entered by one scope at a time in any case.
      outcomes.push(...(await Promise.allSettled([read])));
    }
    return outcomes;
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
    // One that was never used has not been opened by us, and is still to be closed.
    if (this.#options.db !== undefined) await closeOnce(this.#options.db);
  }

  #view(database: ScopedDatabase, scope: () => Scope): TenantPglite {
    return new TenantPglite(database, scope, () => this.close());
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

async function inTransaction<T>(
  database: ScopedDatabase,
  scope: Scope,
  fn: (tx: Transaction) => Promise<T>,
  first?: string,
): Promise<T> {
  let isOpen = true;
  const guarded = async <R>(run: () => Promise<R>): Promise<R> => {
    if (!isOpen) throw new TenancyError("LEASE_ENDED", "A transaction was used after its end.");
    try {
      return await run();
    } catch (error) {
      throw withoutValues(error);
    }
  };
  const work = async (tx: PgliteTransaction): Promise<T> => {
    try {
      return await fn({
        isIntact: () => Promise.resolve(true),
        query: <Row>(text: string, params: readonly unknown[] = []) =>
          guarded(async () => toQueryResult(await tx.query<Row>(text, [...params], LIKE_PG))),
        script: (text) => guarded(async () => void (await tx.exec(text))),
      });
    } finally {
      isOpen = false;
    }
  };
  return await database.transaction(scope, work, first);
}
