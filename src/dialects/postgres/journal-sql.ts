import type { JournalEntry, JournalSql, JournalTable } from "../../core/journal-sql.ts";
import { quoteIdentifier } from "./identifier.ts";

const COLUMNS = [
  "version",
  "name",
  "checksum",
  "duration_ms",
  "is_finished",
  "statements_done",
  "done_checksum",
  "error",
  "direction",
] as const;

interface RawRow {
  readonly applied_at: Date | string;
  readonly checksum: string;
  readonly direction: "up" | "down";
  readonly done_checksum: string | null;
  readonly duration_ms: number;
  readonly error: string | null;
  readonly is_finished: boolean;
  readonly name: string;
  readonly statements_done: number;
  readonly version: string;
}

function qualified({ schema, table }: JournalTable): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

function valuesOf(entry: JournalEntry): readonly unknown[] {
  return [
    entry.version,
    entry.name,
    entry.checksum,
    entry.durationMs,
    entry.isFinished,
    entry.statementsDone,
    entry.doneChecksum,
    entry.error,
    entry.direction,
  ];
}

/** The migration history's table on PostgreSQL. */
export const journalSql: JournalSql = {
  create: (table) => `create table if not exists ${qualified(table)} (
  version text primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now(),
  duration_ms double precision not null,
  is_finished boolean not null,
  statements_done integer not null,
  done_checksum text,
  error text,
  direction text not null default 'up'
)`,
  isMissing: (error) => (error as { readonly code?: unknown } | null)?.code === "42P01",
  list: (table) => ({
    params: [],
    text: `select version, name, checksum, applied_at, is_finished, statements_done, done_checksum, error, direction, duration_ms from ${qualified(table)}`,
  }),
  read: (row) => {
    const raw = row as unknown as RawRow;
    return {
      appliedAt: new Date(raw.applied_at),
      checksum: raw.checksum,
      direction: raw.direction,
      doneChecksum: raw.done_checksum,
      durationMs: raw.duration_ms,
      error: raw.error,
      isFinished: raw.is_finished,
      name: raw.name,
      statementsDone: raw.statements_done,
      version: raw.version,
    };
  },
  remove: (table, version) => ({
    params: [version],
    text: `delete from ${qualified(table)} where version = $1`,
  }),
  write: (table, entries) => {
    const rows = entries.map((_entry, row) => {
      const places = COLUMNS.map((_column, index) => `$${row * COLUMNS.length + index + 1}`);
      return `(${places.join(", ")})`;
    });
    const changes = COLUMNS.slice(1).map((column) => `${column} = excluded.${column}`);
    return {
      params: entries.flatMap(valuesOf),
      text:
        `insert into ${qualified(table)} (${COLUMNS.join(", ")}) values ${rows.join(", ")} ` +
        `on conflict (version) do update set ${changes.join(", ")}, applied_at = now()`,
    };
  },
};
