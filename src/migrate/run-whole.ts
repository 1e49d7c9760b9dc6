import type { Session, Transaction } from "../core/driver.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { reasonOf } from "./migration-error.ts";
import { explainFailure, runInTransaction, runWatched } from "./run-migration.ts";
import type { Step } from "./step.ts";

/** Runs a step in one transaction, together with its record: all of it is there, or nothing. */
export async function runWhole(session: Session, step: Step): Promise<void> {
  const { applied, body, journal, locks, migration, target } = step.options;
  try {
    // Where making the table would commit, it is not in the transaction.
    if (!target.dialect.hasTransactionalDdl) await step.prepare(session);
    const { hasTransactionalDdl, schema } = target.dialect;
    const first = hasTransactionalDdl ? { first: schema.limitLockWait(locks.waitMs) } : {};
    await step.patiently(() =>
      session.transaction(
        target.scope,
        async (tx) => {
          await journal.make(tx);
          await runInTransaction(tx, body, target, migration.file);
          await step.finish(tx);
        },
        first,
      ),
    );
    journal.made();
  } catch (error) {
    throw explainFailure(error, { applied, body, migration, target });
  }
}

/**
 * Runs a function in one transaction, where a statement of its may commit that.
 *
 * Before such a statement the transaction gets the record of what is done, which the statement then
 * commits with the rest: if the process dies behind it, the history says so. If the function fails and
 * nothing was committed, nothing is recorded either.
 */
export async function runFunction(session: Session, step: Step): Promise<void> {
  const { applied, body, halfway, interrupted, migration, target } = step.options;
  if (typeof body === "string") return;
  await step.prepare(session);
  if (interrupted === "skip" && halfway?.needsAnswer === true) {
    await step.finishAlone(session);
    return;
  }
  const watch = new FunctionWatch(step);
  try {
    await session.transaction(target.scope, async (tx) => {
      await watch.run(tx, () => runWatched(tx, body, target, migration.file, watch.over(tx)));
    });
    if (!watch.isFinished) await step.finishAlone(session);
  } catch (error) {
    if (watch.isIntact) throw explainFailure(error, { applied, body, migration, target });
    // Where the connection was lost, the record stays as it is, and says that nobody knows.
    await step.recordAlone(session, watch.count, reasonOf(error)).catch(() => undefined);
    const news = { remedy: REMEDY };
    throw explainFailure(error, { applied, body, migration, news, target });
  }
}

const REMEDY =
  'A part of it was committed. Correct the function and look at the schema; then pass `interrupted: "repeat"` ' +
  '(`--interrupted repeat`) to run it again from its beginning, `"skip"` to take it for done, or roll it back.';

/** What is known of a function's transaction. */
class FunctionWatch {
  /** Statements that have succeeded. */
  count = 0;
  /** Whether nothing was committed before the function was recorded as finished. */
  isIntact = true;
  isFinished = false;
  readonly #step: Step;

  constructor(step: Step) {
    this.#step = step;
  }

  /** What is done around each statement. */
  over(tx: Transaction): { before(statement: ScriptStatement): Promise<void>; after(): void } {
    const { script } = this.#step.options.target.dialect;
    return {
      after: () => {
        this.count += 1;
      },
      before: async ({ text }) => {
        if (script.commits(text)) await this.#step.record(tx, this.count, null);
      },
    };
  }

  async run(tx: Transaction, fn: () => Promise<void>): Promise<void> {
    try {
      await fn();
    } finally {
      this.isIntact = await tx.isIntact().catch(() => false);
    }
    // The record and the version are one transaction, which this one is not any more.
    if (!this.isIntact) return;
    await this.#step.finish(tx);
    this.isFinished = true;
  }
}
