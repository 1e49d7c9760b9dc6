import type { QueryResult, Transaction } from "../../core/driver.ts";
import { errnoOf } from "../../dialects/mysql/errno.ts";
import { mysql } from "../../dialects/mysql/index.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** Tells by its absence that the transaction in which it was set has ended. */
const MARK = "kirayedar_intact";

/** `ER_SP_DOES_NOT_EXIST`, which is also said of savepoints. */
const NO_SAVEPOINT = 1305;

/** Errors with which the engine rolls back the whole transaction: out of locks, and deadlocks. */
const ROLLED_BACK: ReadonlySet<unknown> = new Set([1206, 1213, 1614]);

/** How the statements of one transaction reach the server. */
export interface TransactionRun {
  /** Starts it, in its scope. */
  begin(): Promise<void>;
  /** Runs one statement in its scope. */
  send(text: string, params?: readonly unknown[]): Promise<QueryResult>;
  /** Runs a statement about the transaction itself, whatever has become of the scope. */
  control(text: string): Promise<unknown>;
  /**
   * Whether `begin` has set the savepoint {@link MARK_TEXT}. Without it, one that is set later can
   * only tell whether a transaction is open, and not whether it is still the same.
   */
  readonly isMarked: boolean;
  /** Slug of the tenant. */
  readonly tenant: string | undefined;
}

/** Marks a transaction, so that it can be told later whether it is still open. */
export const MARK_TEXT: string = `savepoint ${MARK}`;

/**
 * Runs `fn` between `begin` and `commit`, or `rollback` when it rejects.
 *
 * @throws TenancyError `TRANSACTION_ABORTED` when `fn` resolved although the server had rolled back
 *   the transaction: `commit` then succeeds, with nothing to commit
 */
export async function inTransaction<T>(
  run: TransactionRun,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const open = new OpenTransaction(run);
  try {
    await run.begin();
    const value = await fn(open);
    await open.commit();
    return value;
  } catch (error) {
    open.end();
    // A rollback fails only when the connection is lost, which ends the transaction too.
    await run.control("rollback").catch(() => undefined);
    throw error;
  }
}

class OpenTransaction implements Transaction {
  readonly #run: TransactionRun;
  #isOpen = true;
  #hasFailed = false;
  /** Whether a statement that commits by itself has succeeded. */
  #hasCommitted = false;
  /** Or failed: it may have committed before it did. */
  #mayHaveCommitted = false;
  #isRolledBack = false;

  constructor(run: TransactionRun) {
    this.#run = run;
  }

  async query<Row>(text: string, params?: readonly unknown[]): Promise<QueryResult<Row>> {
    return (await this.#send(text, params)) as QueryResult<Row>;
  }

  async script(text: string): Promise<void> {
    for (const [statementIndex, statement] of mysql.script.split(text).entries()) {
      await this.#send(statement.text).catch((error: unknown) => {
        if (error instanceof Error) Object.assign(error, { statementIndex });
        throw error;
      });
    }
  }

  async isIntact(): Promise<boolean> {
    this.#check();
    return !this.#hasCommitted && (await this.#isStillOpen());
  }

  async commit(): Promise<void> {
    this.#check();
    this.end();
    // Only after a failure may the server have ended it by itself, and not committed it.
    const isLost =
      this.#hasFailed &&
      (this.#isRolledBack || (!this.#mayHaveCommitted && !(await this.#isStillOpen())));
    if (isLost) {
      throw new TenancyError(
        "TRANSACTION_ABORTED",
        "A transaction was rolled back, because one of its statements had failed.",
        { tenant: this.#run.tenant },
      );
    }
    await this.#run.control("commit");
  }

  /** Ends it: later calls throw `LEASE_ENDED`. */
  end(): void {
    this.#isOpen = false;
  }

  async #send(text: string, params?: readonly unknown[]): Promise<QueryResult> {
    this.#check();
    const commits = mysql.script.commits(text);
    this.#mayHaveCommitted ||= commits;
    try {
      const result = await this.#run.send(text, params);
      this.#hasCommitted ||= commits;
      return result;
    } catch (error) {
      this.#hasFailed = true;
      this.#isRolledBack ||= ROLLED_BACK.has(errnoOf(error));
      throw error;
    }
  }

  /** Whether the transaction is still the one that was begun; changes nothing in it. */
  async #isStillOpen(): Promise<boolean> {
    const run = this.#run;
    // A savepoint outside a transaction is accepted, and is not there a moment later.
    const release = `release ${MARK_TEXT}`;
    try {
      await run.control(run.isMarked ? release : MARK_TEXT);
      await run.control(run.isMarked ? MARK_TEXT : release);
      return true;
    } catch (error) {
      if (errnoOf(error) === NO_SAVEPOINT) return false;
      throw error;
    }
  }

  #check(): void {
    if (!this.#isOpen) {
      throw new TenancyError("LEASE_ENDED", "A transaction was used after its end.");
    }
  }
}
