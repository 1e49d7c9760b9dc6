import type { Dialect } from "../../core/dialect.ts";
import { isReservedSchemaName, quoteIdentifier } from "./identifier.ts";
import { journalSql } from "./journal-sql.ts";
import { registrySql } from "./registry-sql.ts";
import { schemaSql } from "./schema-sql.ts";
import { scriptSql } from "./script-sql.ts";

/** PostgreSQL, 13 and later. */
export const postgres: Dialect = {
  hasSearchPath: true,
  hasTransactionalDdl: true,
  isPossibleSchemaName: () => true,
  isReservedSchemaName,
  journal: journalSql,
  maxIdentifierBytes: 63,
  name: "postgres",
  quoteIdentifier,
  registry: registrySql,
  schema: schemaSql,
  script: scriptSql,
};
