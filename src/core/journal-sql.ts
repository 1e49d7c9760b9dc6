/** SQL of the migration history's table. */
export interface JournalSql {}
