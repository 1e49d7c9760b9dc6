import type { Dialect } from "../../core/dialect.ts";
import { adoptSql } from "./adopt-sql.ts";
import { auditSql } from "./audit-sql.ts";
import { domainSql } from "./domain-sql.ts";
import { isReservedSchemaName, quoteIdentifier } from "./identifier.ts";
import { insightSql } from "./insight-sql.ts";
import { introspectSql } from "./introspect.ts";
import { journalSql } from "./journal-sql.ts";
import { messageSql } from "./message-sql.ts";
import { readySql } from "./ready-sql.ts";
import { registrySql } from "./registry-sql.ts";
import { runSql } from "./run-sql.ts";
import { schemaSql } from "./schema-sql.ts";
import { scriptSql } from "./script-sql.ts";

/** PostgreSQL, 13 and later. */
export const postgres: Dialect = {
  adopt: adoptSql,
  audit: auditSql,
  domains: domainSql,
  hasSearchPath: true,
  hasTransactionalDdl: true,
  insight: insightSql,
  introspect: introspectSql,
  isPossibleSchemaName: () => true,
  isReservedSchemaName,
  journal: journalSql,
  maxIdentifierBytes: 63,
  message: messageSql,
  name: "postgres",
  quoteIdentifier,
  ready: readySql,
  registry: registrySql,
  runs: runSql,
  schema: schemaSql,
  script: scriptSql,
};
