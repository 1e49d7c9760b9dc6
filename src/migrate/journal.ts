import { createHash } from "node:crypto";
import type { Dialect } from "../core/dialect.ts";
import type { Queryable, Session, Transaction } from "../core/driver.ts";
import type { JournalEntry, JournalRow } from "../core/journal-sql.ts";
import type { Scope } from "../core/scope.ts";
import { compareVersions, type KnownMigration } from "./discover.ts";

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
  async read(session: Session, scope: Scope): Promise<JournalRow[]> {
    const { journal } = this.#dialect;
    try {
      const rows = await this.list({ query: (text, params) => session.query(scope, text, params) });
      this.#isMade = true;
      return rows;
    } catch (error) {
      if (journal.isMissing(error)) return [];
      throw error;
    }
  }

  /** Reads it, by version, where its table is there. */
  async list(on: Queryable): Promise<JournalRow[]> {
    const { journal } = this.#dialect;
    const { rows } = await on.query(journal.list(this.#table).text);
    return rows
      .map((row) => journal.read(row))
      .toSorted((a, b) => compareVersions(a.version, b.version));
  }

  /** Makes its table, if it is not known to be there. */
  async make(tx: Transaction): Promise<void> {
    if (!this.#isMade) await tx.script(this.#dialect.journal.create(this.#table));
  }

  /** Whether its table is known to be there. */
  get isMade(): boolean {
    return this.#isMade;
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
    direction: "up",
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
