import type { Transaction } from "../core/driver.ts";
import type { JournalTable } from "../core/journal-sql.ts";
import type { MessageSql } from "../core/message-sql.ts";
import type { KnownMigration } from "./discover.ts";
import { finishedEntry, type Journal } from "./journal.ts";
import { checkBody, explainFailure, runInTransaction, type Target } from "./run-migration.ts";

/** What makes one message of all that a new schema needs; see {@link applyNew}. */
export interface OneMessage {
  readonly message: MessageSql;
  /** The history's table. */
  readonly table: JournalTable;
}

/**
 * Applies, in one transaction, all migrations up to the first that refuses one, and writes their
 * history in one statement; all of it in one message, as far as it is text and that is asked for.
 * Nobody can tell then which of them has failed.
 *
 * Where DDL commits at once there is no transaction to refuse, and it applies all of them. Progress is
 * not recorded: a failure or a crash removes the whole schema.
 *
 * @returns what was applied
 */
export async function applyNew(
  tx: Transaction,
  journal: Journal,
  known: readonly KnownMigration[],
  target: Target & { readonly enter: string },
  one?: OneMessage,
): Promise<KnownMigration[]> {
  const { dialect } = target;
  const end = dialect.hasTransactionalDdl
    ? known.findIndex(({ transaction }) => !transaction)
    : known.length;
  const leading = known.slice(0, end < 0 ? known.length : end);
  for (const migration of leading) checkBody(dialect, migration.up, migration);
  if (one !== undefined && leading.every(({ up }) => typeof up === "string")) {
    const { message, table } = one;
    const texts = leading.flatMap(({ up }) => [`${String(up)}\n`, target.enter]);
    const history = leading.length === 0 ? [] : [message.end(table, leading)];
    await tx.script([dialect.journal.create(table), ...texts, ...history].join(";\n"));
    return leading;
  }
  await journal.make(tx);
  const entries = [];
  for (const migration of leading) {
    const startedAt = performance.now();
    await runAndReturn(tx, migration, target).catch((error: unknown) => {
      throw explainFailure(error, { applied: [], body: migration.up, migration, target });
    });
    entries.push(finishedEntry(migration, performance.now() - startedAt));
  }
  if (entries.length > 0) await journal.write(tx, entries);
  return leading;
}

// ISOLATION: what a migration sets for its transaction would hold for the next ones, whose tables
// would be made elsewhere. integration/migrate/migrator.test.ts
async function runAndReturn(
  tx: Transaction,
  { file, up }: KnownMigration,
  target: Target & { readonly enter: string },
): Promise<void> {
  // Elsewhere each statement enters the scope that it is for.
  if (!target.dialect.hasSearchPath) await runInTransaction(tx, up, target, file);
  else if (typeof up === "string") {
    // Behind it, and on a line of its own: the positions of its errors stay, and so do comments.
    await runInTransaction(tx, `${up}\n;${target.enter}`, target, file);
  } else {
    await runInTransaction(tx, up, target, file);
    await tx.script(target.enter);
  }
}
