import { createHash } from "node:crypto";
import type { Dialect } from "../core/dialect.ts";
import type { Queryable, Session, Transaction } from "../core/driver.ts";
import type { JournalEntry } from "../core/journal-sql.ts";
import type { Scope } from "../core/scope.ts";
import { compareVersions, type KnownMigration } from "./discover.ts";

/** One migration that a schema's own history has. */
export interface AppliedMigration {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly appliedAt: Date;
  readonly isFinished: boolean;
  readonly statementsDone: number;
  readonly doneChecksum: string | null;
  readonly error: string | null;
}

interface Row {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
  readonly is_finished: boolean;
  readonly statements_done: number;
  readonly done_checksum: string | null;
  readonly error: string | null;
}

/** The history of one schema, kept in the schema itself. */
export class Journal {
  readonly #dialect: Dialect;
  readonly #table: { readonly schema: string; readonly table: string };
  #isMade = false;

  constructor(dialect: Dialect, schema: string, table: string) {
    this.#dialect = dialect;
    this.#table = { schema, table };
  }

  /** Reads it, by version; empty when there is none yet. One round trip. */
  async read(session: Session, scope: Scope): Promise<AppliedMigration[]> {
    const { journal } = this.#dialect;
    try {
      const { rows } = await session.query<Row>(scope, journal.list(this.#table).text);
      this.#isMade = true;
      return rows.map(toApplied).toSorted((a, b) => compareVersions(a.version, b.version));
    } catch (error) {
      if (journal.isMissing(error)) return [];
      throw error;
    }
  }

  /** Makes its table, if it is not known to be there. */
  async make(tx: Transaction): Promise<void> {
    if (!this.#isMade) await tx.script(this.#dialect.journal.create(this.#table));
  }

  /** Notes that the transaction that made the table was committed. */
  made(): void {
    this.#isMade = true;
  }

  /** Writes entries. */
  async write(on: Queryable, entries: readonly JournalEntry[]): Promise<void> {
    const { params, text } = this.#dialect.journal.write(this.#table, entries);
    await on.query(text, params);
  }

  /** Removes an entry. */
  async remove(on: Queryable, version: string): Promise<void> {
    const { params, text } = this.#dialect.journal.remove(this.#table, version);
    await on.query(text, params);
  }
}

/** Returns the entry of a migration that is all done. */
export function finishedEntry(migration: KnownMigration, durationMs: number): JournalEntry {
  const { checksum, name, version } = migration;
  return {
    checksum,
    doneChecksum: null,
    durationMs,
    error: null,
    isFinished: true,
    name,
    statementsDone: 0,
    version,
  };
}

/** Returns the fingerprint of statements that are done. */
export function checksumOfStatements(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex");
}

function toApplied(row: Row): AppliedMigration {
  return {
    appliedAt: new Date(row.applied_at),
    checksum: row.checksum,
    doneChecksum: row.done_checksum,
    error: row.error,
    isFinished: row.is_finished,
    name: row.name,
    statementsDone: row.statements_done,
    version: row.version,
  };
}
