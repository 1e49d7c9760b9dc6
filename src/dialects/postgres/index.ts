import type { Dialect } from "../../core/dialect.ts";
import { isReservedSchemaName, quoteIdentifier } from "./identifier.ts";
import { journalSql } from "./journal-sql.ts";
import { registrySql } from "./registry-sql.ts";
import { schemaSql } from "./schema-sql.ts";

/** PostgreSQL, 13 and later. */
export const postgres: Dialect = {
  hasTransactionalDdl: true,
  isReservedSchemaName,
  journal: journalSql,
  maxIdentifierBytes: 63,
  name: "postgres",
  quoteIdentifier,
  registry: registrySql,
  schema: schemaSql,
};
