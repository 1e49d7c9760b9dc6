import type { Dialect } from "../../core/dialect.ts";
import { adoptSql } from "./adopt-sql.ts";
import { auditSql } from "./audit-sql.ts";
import { domainSql } from "./domain-sql.ts";
import { isPossibleSchemaName, isReservedSchemaName, quoteIdentifier } from "./identifier.ts";
import { insightSql } from "./insight-sql.ts";
import { introspectSql } from "./introspect.ts";
import { journalSql } from "./journal-sql.ts";
import { readySql } from "./ready-sql.ts";
import { registrySql } from "./registry-sql.ts";
import { runSql } from "./run-sql.ts";
import { schemaSql } from "./schema-sql.ts";
import { scriptSql } from "./script-sql.ts";

/** MySQL, 8.0.23 and later, and MariaDB, 10.6 and later. */
export const mysql: Dialect = {
  adopt: adoptSql,
  audit: auditSql,
  domains: domainSql,
  hasSearchPath: false,
  hasTransactionalDdl: false,
  insight: insightSql,
  introspect: introspectSql,
  isPossibleSchemaName,
  isReservedSchemaName,
  journal: journalSql,
  maxIdentifierBytes: 64,
  message: undefined,
  name: "mysql",
  quoteIdentifier,
  ready: readySql,
  registry: registrySql,
  runs: runSql,
  schema: schemaSql,
  script: scriptSql,
};
