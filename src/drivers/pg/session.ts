import type {
  QueryResult,
  Session,
  SessionTransactionOptions,
  Transaction,
} from "../../core/driver.ts";
import type { Scope } from "../../core/scope.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { enterSession } from "./enter.ts";
import { type Execution, execute } from "./execute.ts";
import type { QueryConfig } from "./peer.ts";
import type { Target } from "./scoped-query.ts";
import { runScript } from "./session-script.ts";
import type { Borrowed } from "./tenant-pool.ts";

/** Runs one statement, as a promise. */
export function run(execution: Execution, target: Target, config: QueryConfig): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execute(execution, target, config, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });
}

/** One connection apart from the application's pool, as the lifecycle sees it. */
export class PgSession implements Session {
  readonly script: Session["script"];
  readonly #borrowed: Borrowed;
  #isOpen = true;

  /**
   * @param canReset - whether its session may be reset between two texts: neither does it hold a lock,
   *   nor has the application prepared it in a way of its own
   */
  constructor(borrowed: Borrowed, { canReset }: { readonly canReset: boolean }) {
    this.#borrowed = borrowed;
    if (!canReset) return;
    this.script = async (scope, text, options = {}) => {
      this.#check();
      await runScript(borrowed.execution, borrowed.at(scope), text, options);
    };
  }

  async query<Row>(
    scope: Scope,
    text: string,
    params?: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    return (await this.#run(scope, { text, values: params })) as QueryResult<Row>;
  }

  async queryOutsideTransaction(scope: Scope, text: string): Promise<void> {
    this.#check();
    const { client } = this.#borrowed;
    try {
      await enterSession(this.#borrowed.at(scope));
      await client.query(text);
    } finally {
      // It fails only when the connection is lost, and must not hide the error before it.
      await client.query("set search_path = ''").catch(() => undefined);
    }
  }

  async transaction<T>(
    scope: Scope,
    fn: (tx: Transaction) => Promise<T>,
    options: SessionTransactionOptions = {},
  ): Promise<T> {
    this.#check();
    const { client, execution } = this.#borrowed;
    const target = this.#borrowed.at(scope);
    const begin = async (): Promise<void> => {
      // What `pg` sends by itself is not watched: the scope has to be entered after it.
      target.state.isScoped = false;
      if (options.first === undefined) await run(execution, target, { text: "begin" });
      else await client.query(`begin; ${options.first}`);
    };
    const rollback = (): Promise<unknown> => {
      // The schema that was entered may have been made in this very transaction.
      if (options.first !== undefined) target.scope.forget();
      return client.query("rollback");
    };
    const send = (config: QueryConfig): Promise<unknown> => run(execution, target, config);
    return await inTransaction(begin, send, rollback, fn, target.scope.tenant);
  }

  /** Ends it: later calls throw `LEASE_ENDED`. */
  end(): void {
    this.#isOpen = false;
  }

  #run(scope: Scope, config: QueryConfig): Promise<unknown> {
    this.#check();
    return run(this.#borrowed.execution, this.#borrowed.at(scope), config);
  }

  #check(): void {
    if (!this.#isOpen) {
      throw new TenancyError("LEASE_ENDED", "A database session was used after its end.");
    }
  }
}

/**
 * Runs `fn` between `begin` and `commit`, or `rollback` when it rejects.
 *
 * @throws TenancyError `TRANSACTION_ABORTED` when `fn` resolved although a statement had failed: the
 *   server then answers `commit` with a rollback, without an error
 */
export async function inTransaction<T>(
  begin: () => Promise<unknown>,
  send: (config: QueryConfig) => Promise<unknown>,
  rollback: () => Promise<unknown>,
  fn: (tx: Transaction) => Promise<T>,
  tenant: string | undefined,
): Promise<T> {
  let isOpen = true;
  const guarded = (config: QueryConfig): Promise<unknown> =>
    isOpen
      ? send(config)
      : Promise.reject(new TenancyError("LEASE_ENDED", "A transaction was used after its end."));
  const tx: Transaction = {
    isIntact: () => Promise.resolve(true),
    query: <Row>(text: string, params?: readonly unknown[]) =>
      guarded({ text, values: params }) as Promise<QueryResult<Row>>,
    script: async (text) => void (await guarded({ queryMode: "simple", text })),
  };
  try {
    await begin();
    const value = await fn(tx);
    isOpen = false;
    const { command } = (await send({ text: "commit" })) as { readonly command?: string };
    if (command === "ROLLBACK") {
      throw new TenancyError(
        "TRANSACTION_ABORTED",
        "A transaction was rolled back, because one of its statements had failed.",
        { tenant },
      );
    }
    return value;
  } catch (error) {
    isOpen = false;
    // A rollback fails only when the connection is lost, which ends the transaction too.
    await rollback().catch(() => undefined);
    throw error;
  }
}
