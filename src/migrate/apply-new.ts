import type { Transaction } from "../core/driver.ts";
import type { KnownMigration } from "./discover.ts";
import { finishedEntry, type Journal } from "./journal.ts";
import { checkBody, explainFailure, runInTransaction, type Target } from "./run-migration.ts";

/**
 * Applies, in one transaction, all migrations up to the first that refuses one, and writes their
 * history in one statement.
 *
 * @returns what was applied
 */
export async function applyNew(
  tx: Transaction,
  journal: Journal,
  known: readonly KnownMigration[],
  target: Target,
): Promise<KnownMigration[]> {
  const end = known.findIndex(({ transaction }) => !transaction);
  const leading = known.slice(0, end < 0 ? known.length : end);
  for (const migration of leading) checkBody(migration.up, migration);
  await journal.make(tx);
  const entries = [];
  for (const migration of leading) {
    const startedAt = performance.now();
    await runInTransaction(tx, migration.up, target).catch((error: unknown) => {
      throw explainFailure(error, migration, migration.up, target, []);
    });
    entries.push(finishedEntry(migration, performance.now() - startedAt));
  }
  if (entries.length > 0) await journal.write(tx, entries);
  return leading;
}
