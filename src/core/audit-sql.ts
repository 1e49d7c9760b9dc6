import type { Actor, AuditEntry, AuditOutcome } from "./audit.ts";
import type { Statement } from "./dialect.ts";
import type { RegistryTables } from "./settings.ts";

/** A change that begins. */
export type NewAuditEntry = Pick<AuditEntry, "action" | "tenant" | "tenantId"> & {
  /** Who begins it. */
  readonly actor: Required<Actor>;
  /** What was asked for, as JSON. */
  readonly details: string;
};

/** How a change ended. */
export type AuditEnd = Pick<AuditEntry, "errorCode" | "tenant" | "tenantId"> & {
  /** Never `begun`. */
  readonly outcome: Exclude<AuditOutcome, "begun">;
  /** How long it took. */
  readonly durationMs: number;
  /** What was asked for and what came of it, as JSON. */
  readonly details: string;
};

/** Which entries a page has. */
export interface AuditFilter {
  /** Only this tenant's, by id. */
  readonly tenantId: string | undefined;
  /** Only those of tenants that had this slug then. */
  readonly tenant: string | undefined;
  /** Only this person's. */
  readonly actor: string | undefined;
  /** Only this operation. */
  readonly action: string | undefined;
  /** Only with this outcome. */
  readonly outcome: AuditOutcome | undefined;
  /** Only those before this one. */
  readonly beforeId: string | undefined;
  /** So many. */
  readonly limit: number;
}

/**
 * SQL of the audit log, which is that of one registry. Statements that return a list run in that order, in
 * one transaction, and the last one's rows are the answer.
 */
export interface AuditSql {
  /** Makes the table if it is missing. */
  create(schema: string): string;
  /** Inserts an entry that has begun: a row `{ id }`. */
  begin(tables: RegistryTables, entry: NewAuditEntry): readonly Statement[];
  /** Inserts an entry of what has ended already, and began so long ago. */
  insertEnded(tables: RegistryTables, entry: NewAuditEntry, end: AuditEnd): Statement;
  /** Ends an entry; what was known of the tenant when it began stays. */
  end(tables: RegistryTables, id: string, end: AuditEnd): Statement;
  /** Rows for `read`, the newest first. */
  list(tables: RegistryTables, filter: AuditFilter): Statement;
  /**
   * Deletes some of the entries that are older than this: a row `{ deleted }`. What began within a day and
   * has not ended may run still, and stays.
   */
  prune(tables: RegistryTables, olderThanMs: number, limit: number): readonly Statement[];
  /** Reads a row, whatever types the client library gives its values. */
  read(row: Readonly<Record<string, unknown>>): AuditEntry;
}
