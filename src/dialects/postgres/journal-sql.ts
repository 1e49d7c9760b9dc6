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
] as const;

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
  error text
)`,
  isMissing: (error) => (error as { readonly code?: unknown } | null)?.code === "42P01",
  list: (table) => ({
    params: [],
    text: `select version, name, checksum, applied_at, is_finished, statements_done, done_checksum, error from ${qualified(table)}`,
  }),
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
