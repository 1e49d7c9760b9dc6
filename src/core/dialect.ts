import type { AdoptSql } from "./adopt-sql.ts";
import type { AuditSql } from "./audit-sql.ts";
import type { InsightSql } from "./insight-sql.ts";
import type { DomainSql } from "./domain-sql.ts";
import type { IntrospectSql } from "./introspect-sql.ts";
import type { JournalSql } from "./journal-sql.ts";
import type { MessageSql } from "./message-sql.ts";
import type { ReadySql } from "./ready-sql.ts";
import type { RegistrySql } from "./registry-sql.ts";
import type { RunSql } from "./run-sql.ts";
import type { SchemaSql } from "./schema-sql.ts";
import type { ScriptSql } from "./script-sql.ts";

/** What differs between engines. Pure: names in, SQL text out; never holds a connection. */
export interface Dialect {
  /** The engine family. */
  readonly name: "postgres" | "mysql";
  /** Longest safe identifier, in bytes: 63 on PostgreSQL (cut silently beyond), 64 on MySQL (refused). */
  readonly maxIdentifierBytes: number;
  /** Whether a failed migration rolls its DDL back. False on MySQL, where DDL commits at once. */
  readonly hasTransactionalDdl: boolean;
  /** Whether a tenant's schema must never have this name, because the engine uses it. */
  isReservedSchemaName(name: string): boolean;
  /** Whether the engine can have a schema of this name at all, its length aside. */
  isPossibleSchemaName(name: string): boolean;
  /** Whether a scope has schemas behind its own that unqualified names are looked for in. */
  readonly hasSearchPath: boolean;
  /** Quotes a name for use in SQL text. */
  quoteIdentifier(name: string): string;
  /** Making, looking at and removing schemas. */
  readonly schema: SchemaSql;
  /** The registry's tables. */
  readonly registry: RegistrySql;
  /** Domains that are claimed and verified. */
  readonly domains: DomainSql;
  /** The migration history's table. */
  readonly journal: JournalSql;
  /** The text of migrations. */
  readonly script: ScriptSql;
  /** Describing schemas, to compare them. */
  readonly introspect: IntrospectSql;
  /** Making a tenant of a schema that is there. */
  readonly adopt: AdoptSql;
  /** The table of ready-made schemas. */
  readonly ready: ReadySql;
  /** The records of fleet runs. */
  readonly runs: RunSql;
  /** The audit log. */
  readonly audit: AuditSql;
  /** A look at the fleet, and at the tables of a tenant. */
  readonly insight: InsightSql;
  /** Migrating a tenant by one message; `undefined` where DDL commits at once. */
  readonly message: MessageSql | undefined;
}

/** One statement with its parameters. */
export interface Statement {
  /** SQL text with `$1` … on PostgreSQL, and with `?` on MySQL. */
  readonly text: string;
  /** Values of the parameters. */
  readonly params: readonly unknown[];
}
