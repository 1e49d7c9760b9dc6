import type { JournalSql } from "../../core/journal-sql.ts";

/** The migration history's table on PostgreSQL. */
export const journalSql: JournalSql = {};
