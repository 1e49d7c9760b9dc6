import type { JournalEntry, JournalSql, JournalTable } from "../../core/journal-sql.ts";
import { toBoolean, toDate, toNumber, toText } from "./client-value.ts";
import { errnoOf } from "./errno.ts";
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

/** Longest text of an error that is kept; MySQL refuses more than a column holds. */
const LONGEST_ERROR = 10_000;

function qualified({ schema, table }: JournalTable): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

function valuesOf(entry: JournalEntry): readonly unknown[] {
  return [
    entry.version,
    entry.name,
    entry.checksum,
    entry.durationMs,
    entry.isFinished ? 1 : 0,
    entry.statementsDone,
    entry.doneChecksum,
    entry.error?.slice(0, LONGEST_ERROR).toWellFormed() ?? null,
    entry.direction,
  ];
}

/** The migration history's table on MySQL and MariaDB. */
export const journalSql: JournalSql = {
  // InnoDB by name: another default would record what a transaction then takes back.
  create: (table) => `create table if not exists ${qualified(table)} (
  version varchar(255) not null primary key,
  name varchar(255) not null,
  checksum varchar(255) not null,
  applied_at timestamp(6) not null default current_timestamp(6),
  duration_ms double not null,
  is_finished boolean not null,
  statements_done int not null,
  done_checksum varchar(255),
  error text,
  direction varchar(4) not null default 'up'
) engine = InnoDB character set utf8mb4 collate utf8mb4_bin`,
  isMissing: (error) => {
    const errno = errnoOf(error);
    return errno === 1146 || errno === 1049; // ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR
  },
  list: (table) => ({
    params: [],
    text: `select version, name, checksum, unix_timestamp(applied_at) as applied_at, is_finished, statements_done, done_checksum, error, direction, duration_ms from ${qualified(table)}`,
  }),
  read: (row) => ({
    appliedAt: toDate(row["applied_at"]),
    checksum: toText(row["checksum"]) ?? "",
    direction: toText(row["direction"]) === "down" ? "down" : "up",
    doneChecksum: toText(row["done_checksum"]),
    durationMs: toNumber(row["duration_ms"]),
    error: toText(row["error"]),
    isFinished: toBoolean(row["is_finished"]),
    name: toText(row["name"]) ?? "",
    statementsDone: toNumber(row["statements_done"]),
    version: toText(row["version"]) ?? "",
  }),
  remove: (table, version) => ({
    params: [version],
    text: `delete from ${qualified(table)} where version = ?`,
  }),
  write: (table, entries) => {
    const places = `(${COLUMNS.map(() => "?").join(", ")})`;
    // MariaDB has no other way to say this, and MySQL 9 still has this one.
    const changes = COLUMNS.slice(1).map((column) => `${column} = values(${column})`);
    return {
      params: entries.flatMap(valuesOf),
      text:
        `insert into ${qualified(table)} (${COLUMNS.join(", ")}) ` +
        `values ${entries.map(() => places).join(", ")} ` +
        `on duplicate key update ${changes.join(", ")}, applied_at = current_timestamp(6)`,
    };
  },
};
