import type { Session } from "../core/driver.ts";
import type { JournalEntry, JournalRow } from "../core/journal-sql.ts";
import type { ScriptStatement } from "../core/script-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { checkScript } from "./check-script.ts";
import type { KnownMigration } from "./discover.ts";
import { checksumOfStatements, finishedEntry, type Journal } from "./journal.ts";
import { explainFailure, runOutside, type Target } from "./run-migration.ts";

/**
 * Applies a migration that runs in no transaction, statement by statement.
 *
 * States of its history row: absent → unfinished, with the number of statements done → finished. A
 * stop halfway is resumed at the statement that failed. The statement that ran while the process
 * died is run again: its success could not be recorded.
 *
 * @throws TenancyError `MIGRATION_CHANGED` when the statements that were done have changed since
 */
export async function applyStepwise(
  session: Session,
  journal: Journal,
  migration: KnownMigration,
  target: Target,
  before: JournalRow | undefined,
  applied: readonly string[],
): Promise<void> {
  const startedAt = performance.now();
  const { scope } = target;
  const texts = statementsOf(migration, target).map(({ text }) => text);
  const done = before?.statementsDone ?? 0;
  if (before !== undefined) checkDone(before, texts, migration);
  const record = async (changes: Partial<JournalEntry>): Promise<void> => {
    const entry = { ...finishedEntry(migration, performance.now() - startedAt), ...changes };
    await session.transaction(scope, async (tx) => {
      await journal.make(tx);
      await journal.write(tx, [entry]);
    });
    journal.made();
  };
  const progress = (count: number, error: string | null): Partial<JournalEntry> => ({
    doneChecksum: checksumOfStatements(texts.slice(0, count)),
    error,
    isFinished: false,
    statementsDone: count,
  });
  await record(progress(done, null));
  let count = done;
  try {
    if (typeof migration.up !== "string")
      await runOutside(session, migration.up, target, migration.file);
    for (; count < texts.length; count += 1) {
      if (count > done) await record(progress(count, null));
      await session.queryOutsideTransaction(scope, texts[count] ?? "");
    }
  } catch (error) {
    await record(progress(count, error instanceof Error ? error.message : String(error)));
    const statement = statementsOf(migration, target)[count];
    throw explainFailure(
      error,
      migration,
      migration.up,
      target,
      applied,
      statement && { ...statement, number: count + 1 },
    );
  }
}

/** Undoes a migration that runs in no transaction, statement by statement. */
export async function undoStepwise(
  session: Session,
  migration: KnownMigration,
  target: Target,
  undone: readonly string[],
): Promise<void> {
  const { down } = migration;
  if (down === undefined) return;
  if (typeof down !== "string") {
    await runOutside(session, down, target, migration.file).catch((error: unknown) => {
      throw explainFailure(error, migration, down, target, undone);
    });
    return;
  }
  for (const [index, statement] of checkScript(target.dialect, down, migration.file).entries()) {
    await session.queryOutsideTransaction(target.scope, statement.text).catch((error: unknown) => {
      const known = { ...statement, number: index + 1 };
      throw explainFailure(error, migration, down, target, undone, known);
    });
  }
}

function statementsOf(migration: KnownMigration, target: Target): ScriptStatement[] {
  const { file, up } = migration;
  return typeof up === "string" ? checkScript(target.dialect, up, file) : [];
}

function checkDone(before: JournalRow, texts: readonly string[], migration: KnownMigration): void {
  const done = checksumOfStatements(texts.slice(0, before.statementsDone));
  if (before.doneChecksum === null || before.doneChecksum === done) return;
  throw new TenancyError(
    "MIGRATION_CHANGED",
    `The migration ${migration.file} stopped halfway, and statements that were done have changed.`,
    { remedy: "Restore them as they were, or roll the migration back." },
  );
}
