import type { PGlite, Transaction } from "@electric-sql/pglite";
import type { Driver } from "../../core/driver.ts";
import { openDatabase, type PgliteOptions } from "../../drivers/pglite/open-database.ts";
import type { TenantPglite } from "../../drivers/pglite/tenant-pglite.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { notRemakeable } from "./not-remakeable.ts";
import { escapedError, lateError } from "./call-run.ts";
import type { Sandbox, SandboxAbout, SandboxedDriver } from "./sandbox.ts";
import type { ChangeOptions } from "./sandbox-driver.ts";

/** What the driver removes from a session before each statement begins with this. */
const CLEANS = /^close all;/;

/**
 * Makes a driver like the application's, over a database in memory that can be put into a sandbox. Its
 * transactions come one at a time in any case.
 */
export async function sandboxPglite(
  original: Driver<TenantPglite>,
  change: ChangeOptions,
): Promise<SandboxedDriver<TenantPglite>> {
  const given: { options?: PgliteOptions } = {};
  // Only to be told the options: this one is never attached, and opens nothing.
  original.remake?.((options) => {
    given.options = change(options);
    return options;
  });
  if (given.options === undefined) throw notRemakeable(original.name);
  // A folder holds what the application is developed with.
  const { dataDir: _dataDir, ...options } = given.options;
  const { database } = await openDatabase(options);
  const sandbox = new PgliteSandbox(database);
  const own: PgliteOptions = { db: sandbox.database };
  const driver = original.remake?.((_options) => own as typeof _options) as Driver<TenantPglite>;
  return {
    driver,
    open: (about) => {
      sandbox.about = about;
      return sandbox;
    },
  };
}

/** Is there for as long as the transaction is the test's own. */
const WHOLE = "kirayedar_test";

class PgliteSandbox implements Sandbox {
  /** The database, whose transactions are savepoints while the sandbox is open. */
  readonly database: PGlite;
  about: SandboxAbout | undefined;
  readonly #real: PGlite;
  #run: { open: number; isEnded: boolean } | undefined;
  #count = 0;
  readonly #listened: string[] = [];

  constructor(real: PGlite) {
    this.#real = real;
    const overlay: Partial<Record<PropertyKey, unknown>> = {
      exec: (text: string, ...rest: never[]) => this.#exec(text, rest),
      listen: (channel: string, ...rest: never[]) => {
        if (this.#run !== undefined) this.#listened.push(channel);
        return real.listen(channel, ...(rest as unknown as [() => void]));
      },
      query: (...args: Parameters<PGlite["query"]>) =>
        this.#isLate()
          ? Promise.reject(lateError())
          : this.#run === undefined
            ? real.query(...args)
            : Promise.reject(outsideTransaction()),
      transaction: <T>(fn: (tx: Transaction) => Promise<T>) =>
        this.#isLate()
          ? Promise.reject(lateError())
          : this.#run === undefined
            ? real.transaction(fn)
            : this.#nest(this.#run, fn),
    };
    this.database = new Proxy(real, {
      get: (target, property) => {
        if (property in overlay) return overlay[property];
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  get isOpen(): boolean {
    return this.#run !== undefined;
  }

  async begin(): Promise<{ end(): Promise<number> }> {
    // It waits for the transaction that is under way.
    await this.#real.exec(`begin; savepoint ${WHOLE}`);
    const run = { isEnded: false, open: 0 };
    this.#run = run;
    return {
      end: async () => {
        run.isEnded = true;
        this.#run = undefined;
        const escaped = await this.#real.exec(`rollback to savepoint ${WHOLE}`).then(
          () => undefined,
          (error: unknown) => error,
        );
        await this.#real.exec(
          "rollback; select pg_catalog.pg_advisory_unlock_all(); set search_path = ''",
        );
        // Who listens is not a part of what was undone.
        for (const channel of this.#listened.splice(0)) await this.#real.exec(`listen ${channel}`);
        if (escaped !== undefined) throw escapedError(escaped);
        return run.open;
      },
    };
  }

  // ISOLATION: what has waited for a transaction of the test comes after its end.
  // integration/testing/nothing-is-left.test.ts
  #isLate(): boolean {
    return this.about?.isLate() === true;
  }

  async #exec(text: string, rest: never[]): Promise<unknown> {
    if (this.#run === undefined || CLEANS.test(text)) return await this.#real.exec(text, ...rest);
    // What would bring the session back from a statement that was refused.
    return [];
  }

  async #nest<T>(
    run: { open: number; isEnded: boolean },
    fn: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const real = this.#real;
    const savepoint = `kirayedar_${(this.#count += 1)}`;
    const state = { isClosed: false };
    const undo = async (): Promise<void> => {
      state.isClosed = true;
      if (run.isEnded) return;
      await real.exec(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
    };
    await real.exec(`savepoint ${savepoint}`);
    run.open += 1;
    try {
      const value = await fn(nestedTransaction(real, run, state, undo));
      if (!state.isClosed) {
        state.isClosed = true;
        if (run.isEnded) throw ended();
        // What is deferred to the end is checked, and deferred again for who comes next.
        await real.exec(
          `savepoint ${savepoint}_end; set constraints all immediate; ` +
            `rollback to savepoint ${savepoint}_end; release savepoint ${savepoint}; ` +
            "select pg_catalog.set_config('search_path', '', true)",
        );
      }
      return value;
    } catch (error) {
      // Nothing is left of it if this fails too: its connection is the database itself.
      await undo().catch(() => undefined);
      throw error;
    } finally {
      run.open -= 1;
    }
  }
}

function nestedTransaction(
  real: PGlite,
  run: { readonly isEnded: boolean },
  state: { readonly isClosed: boolean },
  undo: () => Promise<void>,
): Transaction {
  const check = <T>(fn: () => Promise<T>): Promise<T> =>
    run.isEnded || state.isClosed ? Promise.reject(ended()) : fn();
  return {
    get closed() {
      return state.isClosed;
    },
    exec: (...args) => check(() => real.exec(...args)),
    listen: (...args) => check(() => real.listen(...args)),
    query: <Row>(...args: Parameters<PGlite["query"]>) => check(() => real.query<Row>(...args)),
    rollback: () => check(undo),
    sql: <Row>(...args: Parameters<PGlite["sql"]>) => check(() => real.sql<Row>(...args)),
  };
}

function ended(): TenancyError {
  return new TenancyError("LEASE_ENDED", "A transaction was used after its end.");
}

function outsideTransaction(): TenancyError {
  return new TenancyError(
    "SANDBOX_REFUSED",
    "A statement that cannot run in a transaction was sent in a test that is rolled back.",
  );
}
