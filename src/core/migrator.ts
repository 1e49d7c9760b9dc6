import type { Queryable, Session, Transaction } from "./driver.ts";
import type { Tenant } from "./tenant.ts";

/** What a migration module's `up` and `down` receive. Unqualified names are the schema's own. */
export interface MigrationContext extends Queryable {
  /** Runs trusted text of any number of statements. */
  script(text: string): Promise<void>;
  /** The tenant being migrated; `undefined` in a global migration. */
  readonly tenant: Tenant | undefined;
  /** The schema being migrated. */
  readonly schemaName: string;
}

/** One migration: SQL text, or functions. */
export interface Migration {
  /** Orders migrations; digits such as `"20260101120000"`. Unique in its set. */
  readonly version: string;
  /** What it does, such as `"create_posts"`. */
  readonly name: string;
  /** Applies it. */
  readonly up: string | ((db: MigrationContext) => void | Promise<void>);
  /** Undoes it; absent when it cannot be undone. */
  readonly down?: string | ((db: MigrationContext) => void | Promise<void>);
  /**
   * Whether it runs in a transaction. Default `true`. Without one, each statement's progress is
   * recorded, and a stop halfway is resumed at the statement that failed. Functions must then be
   * repeatable, as they start again from their beginning.
   */
  readonly transaction?: boolean;
  /** File it came from, for messages. */
  readonly file?: string;
  /** Fingerprint of its content; computed from `up` when absent. */
  readonly checksum?: string;
}

/** What one `migrate` or `rollback` did. */
export interface MigrationResult {
  /** Slug of the tenant; `null` for the global schema. */
  readonly tenant: string | null;
  /** The schema. */
  readonly schemaName: string;
  /** Versions that were applied or rolled back, in that order; empty when there was nothing to do. */
  readonly versions: readonly string[];
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** How far `migrate` goes. */
export interface MigrateOptions {
  /** Applies up to this version, and it too. */
  readonly to?: string;
  /** Applies up to this version, but not it. */
  readonly toExclusive?: string;
  /** Applies so many. */
  readonly steps?: number;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
}

/** How far `rollback` goes. Default: one step. */
export interface RollbackOptions {
  /** Rolls so many back. Default 1. */
  readonly steps?: number;
  /** Rolls back all that is newer than this version, and it too. */
  readonly to?: string;
  /** Rolls back all that is newer than this version, but not it. */
  readonly toExclusive?: string;
  /** Rolls everything back. */
  readonly all?: boolean;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
}

/** One line of `status`. */
export interface MigrationStatus {
  /** Its version. */
  readonly version: string;
  /** Its name. */
  readonly name: string;
  /**
   * `applied`; `pending`; `partial` (stopped halfway, outside a transaction); `changed` (applied,
   * and its file is now different); `missing` (applied, and there is no such file).
   */
  readonly state: "applied" | "pending" | "partial" | "changed" | "missing";
  /** When it was applied. */
  readonly appliedAt: Date | null;
  /** For `partial`: how many of its statements are done, and what stopped it. */
  readonly statementsDone?: number;
  /** For `partial`: message of the error that stopped it. */
  readonly error?: string;
}

/** What a migrator works on: a tenant's schema, or the global one. */
export type MigrationTarget = Tenant | "global";

/**
 * Applies one of the two sets of migrations to one schema. Every method that takes a `Session`
 * expects that it holds the target's lock.
 */
export interface Migrator {
  /** Applies what is pending. */
  migrate(
    session: Session,
    target: MigrationTarget,
    options?: MigrateOptions,
  ): Promise<MigrationResult>;
  /**
   * Applies, in the caller's transaction, all migrations up to the first that refuses one, to a
   * schema that was just made. `complete` tells whether nothing is left for `migrate`.
   */
  migrateNew(
    tx: Transaction,
    tenant: Tenant,
  ): Promise<{ readonly versions: readonly string[]; readonly complete: boolean }>;
  /** Undoes what was applied last. */
  rollback(
    session: Session,
    target: MigrationTarget,
    options?: RollbackOptions,
  ): Promise<MigrationResult>;
  /** Lists every known or applied migration, by version. Needs no lock. */
  status(session: Session, target: MigrationTarget): Promise<MigrationStatus[]>;
  /** Newest version of the tenant set, or `null` when it is empty. */
  latestVersion(target: "tenant" | "global"): Promise<string | null>;
}
