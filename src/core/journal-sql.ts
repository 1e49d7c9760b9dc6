import type { Statement } from "./dialect.ts";

/** Where one schema's history is. Names are unquoted. */
export interface JournalTable {
  /** The schema. */
  readonly schema: string;
  /** The table in it. */
  readonly table: string;
}

/** One row of the history, as it is written. */
export interface JournalEntry {
  /** Version of the migration. */
  readonly version: string;
  /** Its name. */
  readonly name: string;
  /** Fingerprint of its file. */
  readonly checksum: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Whether all of it is done. */
  readonly isFinished: boolean;
  /** How many statements are done, of one that is not finished. */
  readonly statementsDone: number;
  /** Fingerprint of the statements that are done. */
  readonly doneChecksum: string | null;
  /** What stopped it; `null` in an entry that is not finished means that nobody knows. */
  readonly error: string | null;
  /** Whether it is being applied or undone; `"up"` when it is finished. */
  readonly direction: "up" | "down";
}

/** One row of the history, as it is read. */
export interface JournalRow extends JournalEntry {
  /** When it was written. */
  readonly appliedAt: Date;
}

/** SQL of the migration history's table. All of it uses qualified names, and so runs in any scope. */
export interface JournalSql {
  /** Makes the table if it is missing. */
  create(table: JournalTable): string;
  /** Rows for `read`, in no order. Fails when the table is missing. */
  list(table: JournalTable): Statement;
  /** Reads one row of `list`, whatever types the client library gives its values. */
  read(row: Readonly<Record<string, unknown>>): JournalRow;
  /** Inserts an entry, or replaces the one of its version. */
  write(table: JournalTable, entries: readonly JournalEntry[]): Statement;
  /** Deletes the entry of a version. */
  remove(table: JournalTable, version: string): Statement;
  /** Whether an error says that the table, or its schema, is missing. */
  isMissing(error: unknown): boolean;
}
