import type { Session } from "../core/driver.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { checkScript } from "./check-script.ts";
import { checkDone, isRecordedWithin } from "./halfway.ts";
import { reasonOf } from "./migration-error.ts";
import { explainFailure, runOutside } from "./run-migration.ts";
import type { Step } from "./step.ts";

/**
 * Runs SQL text statement by statement, and records each.
 *
 * One that does not commit by itself runs in one transaction with its record. Any other is preceded by
 * the record that it is about to run, and followed by the one that it did: if the process dies in
 * between, the record says that nobody knows.
 *
 * @throws TenancyError `MIGRATION_CHANGED` when the statements that were done have changed since
 */
export async function runStepwise(session: Session, step: Step): Promise<void> {
  const { applied, body, halfway, migration, target } = step.options;
  if (typeof body !== "string") return;
  const statements = checkScript(target.dialect, body, migration.file);
  if (halfway !== undefined) checkDone(halfway, migration);
  const run = new StepwiseRun(session, step, statements, firstOf(step));
  await step.prepare(session);
  try {
    await run.toEnd();
  } catch (error) {
    // Where the connection was lost, the record stays as it is, and says that nobody knows.
    await run.recordError(reasonOf(error)).catch(() => undefined);
    throw explainFailure(error, { applied, body, migration, target, known: run.next });
  }
}

/** Returns how many statements are done, or are taken for it. */
function firstOf({ options }: Step): number {
  const { halfway, interrupted } = options;
  if (halfway === undefined) return 0;
  const isSkipped = interrupted === "skip" && halfway.needsAnswer && halfway.next !== undefined;
  return halfway.row.statementsDone + (isSkipped ? 1 : 0);
}

class StepwiseRun {
  readonly #session: Session;
  readonly #step: Step;
  readonly #statements: readonly ScriptStatement[];
  /** How many statements are done. */
  #count: number;
  /** How many the history says are done, and nothing else; `undefined` while it may say more. */
  #recorded: number | undefined;
  #isFinished = false;

  constructor(session: Session, step: Step, statements: readonly ScriptStatement[], count: number) {
    this.#session = session;
    this.#step = step;
    this.#statements = statements;
    this.#count = count;
  }

  /** The statement that is about to run; `undefined` behind the last one. */
  get next(): (ScriptStatement & { readonly number: number }) | undefined {
    const statement = this.#statements[this.#count];
    return statement && { ...statement, number: this.#count + 1 };
  }

  async toEnd(): Promise<void> {
    await this.#restoreSession();
    for (let { next } = this; next !== undefined; { next } = this) await this.#run(next.text);
    if (!this.#isFinished) await this.#step.finishAlone(this.#session);
  }

  async recordError(message: string): Promise<void> {
    if (!this.#isFinished) await this.#step.recordAlone(this.#session, this.#texts(), message);
  }

  /** What was set in a session that has ended, the rest of the statements may count on. */
  async #restoreSession(): Promise<void> {
    const { scope } = this.#step.options.target;
    for (const { text } of this.#statements.slice(0, this.#count)) {
      if (this.#isForSession(text)) await this.#session.query(scope, text);
    }
  }

  async #run(text: string): Promise<void> {
    const { dialect, scope } = this.#step.options.target;
    if (this.#isForSession(text)) {
      // Some settings refuse a transaction. It may run again, so that its record can wait.
      await this.#session.query(scope, text);
      this.#count += 1;
    } else if (isRecordedWithin(text, dialect)) {
      await this.#step.patiently(() => this.#runWithin(text));
    } else {
      if (this.#recorded !== this.#count) await this.#record();
      const run = (): Promise<void> => this.#session.queryOutsideTransaction(scope, text);
      // Where DDL is transactional, what refuses a transaction may leave something when it fails; and so
      // does a procedure, whose statements before the one that waited in vain are committed.
      const isWhole = !dialect.hasTransactionalDdl && !dialect.script.runsOthers(text);
      await (isWhole ? this.#step.patiently(run) : run());
      this.#count += 1;
      if (this.next !== undefined) await this.#record();
    }
  }

  async #runWithin(text: string): Promise<void> {
    const isLast = this.#count + 1 === this.#statements.length;
    await this.#session.transaction(this.#step.options.target.scope, async (tx) => {
      await tx.query(text);
      if (isLast) await this.#step.finish(tx);
      else await this.#step.record(tx, this.#texts(1), null);
    });
    this.#count += 1;
    this.#recorded = this.#count;
    this.#isFinished = isLast;
  }

  async #record(): Promise<void> {
    await this.#step.recordAlone(this.#session, this.#texts(), null);
    this.#recorded = this.#count;
  }

  #texts(more = 0): string[] {
    return this.#statements.slice(0, this.#count + more).map(({ text }) => text);
  }

  #isForSession(text: string): boolean {
    return this.#step.options.target.dialect.script.isForSession(text);
  }
}

/** Runs a function that may be repeated, in no transaction. Its beginning and its failure are recorded. */
export async function runRepeatable(session: Session, step: Step): Promise<void> {
  const { applied, body, halfway, interrupted, migration, target } = step.options;
  await step.prepare(session);
  const isSkipped = interrupted === "skip" && halfway?.stop === "interrupted";
  let count = 0;
  try {
    if (!isSkipped && typeof body !== "string") {
      await step.recordAlone(session, 0, null);
      await runOutside(session, body, target, migration.file, () => (count += 1));
    }
    await step.finishAlone(session);
  } catch (error) {
    await step.recordAlone(session, count, reasonOf(error)).catch(() => undefined);
    throw explainFailure(error, { applied, body, migration, target });
  }
}
