import type { JournalTable } from "./journal-sql.ts";
import type { RegistryTables } from "./settings.ts";
import type { TenantState } from "./tenant.ts";

/** One tenant whose migrations are one message. */
export interface MessageTenant {
  /** Its id. */
  readonly id: string;
  /** Its slug, which names the lock that is held. */
  readonly slug: string;
  /** Its schema. */
  readonly schemaName: string;
}

/** From where to where a message brings its tenant. */
export interface MessageMove {
  /** Fingerprint of the migrations that are applied. */
  readonly fromDigest: string;
  /** States that the tenant may be in. */
  readonly states: readonly TenantState[];
  /** Fingerprint of the migrations that are applied then. */
  readonly toDigest: string;
  /** Newest of them. */
  readonly toVersion: string | null;
}

/** One migration of a message. */
export interface MessageEntry {
  /** Version of the migration. */
  readonly version: string;
  /** Its name. */
  readonly name: string;
  /** Fingerprint of its file. */
  readonly checksum: string;
}

/**
 * SQL that surrounds the migrations of one tenant in one message. Text without parameters, which a
 * message of several statements cannot have; values are written as literals.
 */
export interface MessageSql {
  /**
   * Changes the registry's row; fails, so that nothing of the message is done, unless row and history
   * are as `move` says.
   */
  begin(
    tables: RegistryTables,
    journal: JournalTable,
    tenant: MessageTenant,
    move: MessageMove,
  ): string;
  /** Takes back what a migration has set, for its transaction or for its session; the scope too. */
  readonly restore: string;
  /** Writes the history. */
  end(journal: JournalTable, entries: readonly MessageEntry[]): string;
}
