import type { Queryable, Session, Transaction } from "./driver.ts";
import type { Tenant, TenantState } from "./tenant.ts";

/** What a migration module's `up` and `down` receive. Unqualified names are the schema's own. */
export interface MigrationContext extends Queryable {
  /** Runs trusted text of any number of statements. */
  script(text: string): Promise<void>;
  /** The tenant being migrated; `undefined` in a global migration. */
  readonly tenant: Tenant | undefined;
  /** The schema being migrated. */
  readonly schemaName: string;
}

/**
 * When a migration may run: `expand` before the new version of the application is deployed, as the old
 * one can live with it; `contract` after it, as it takes away what only the old one used.
 */
export type MigrationPhase = "expand" | "contract";

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
   * repeatable, as they start again from their beginning. Where DDL commits at once, SQL text with DDL
   * runs so in any case.
   */
  readonly transaction?: boolean;
  /** When it may run. Default `"expand"`. */
  readonly phase?: MigrationPhase;
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

/** How `migrateNew` applies migrations. */
export interface MigrateNewOptions {
  /**
   * Whether they are sent as one message, where the engine can. An error then is the driver's own, and
   * does not say in which of them it was. Default `false`.
   */
  readonly isOneMessage?: boolean;
}

/** How far `migrate` goes. */
export interface MigrateOptions {
  /** Applies up to this version, and it too. */
  readonly to?: string;
  /** Applies up to this version, but not it. */
  readonly toExclusive?: string;
  /** Applies so many. */
  readonly steps?: number;
  /**
   * Applies only migrations of this phase. `contract` is refused with `MIGRATION_OUT_OF_ORDER` while
   * an older one that expands is pending. Default: both, by version.
   */
  readonly phase?: MigrationPhase;
  /** Tells what would be done, and does nothing. */
  readonly dryRun?: boolean;
  /**
   * What to do about a migration that was interrupted, so that nobody knows how far it came: `repeat`
   * runs the statement (or the whole function) again, `skip` takes it for done. Without it such a
   * migration is refused with `MIGRATION_INTERRUPTED`.
   */
  readonly interrupted?: "repeat" | "skip";
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
  /** What to do about a rollback that was interrupted; as for `migrate`. */
  readonly interrupted?: "repeat" | "skip";
}

/** One line of `status`. */
export interface MigrationStatus {
  /** Its version. */
  readonly version: string;
  /** Its name. */
  readonly name: string;
  /**
   * `applied`; `pending`; `partial` (stopped halfway, or at work right now, where it is not in one
   * transaction); `changed` (applied, and its file is now different); `missing` (applied, and there is
   * no such file).
   */
  readonly state: "applied" | "pending" | "partial" | "changed" | "missing";
  /** When it may run; `null` where its file is missing. */
  readonly phase: MigrationPhase | null;
  /** When it was applied. */
  readonly appliedAt: Date | null;
  /** For `partial`: whether it was being applied or undone. */
  readonly direction?: "up" | "down";
  /** For `partial`: how many of its statements are done. */
  readonly statementsDone?: number;
  /** For `partial`, of SQL text: how many statements it has. */
  readonly statementCount?: number;
  /**
   * For `partial`: how it stopped. `failed`, with `error`; `interrupted`, as its process ended, and
   * nobody knows whether the statement ran; or `between` two statements, so that the next one is known
   * not to have run.
   */
  readonly stop?: "failed" | "interrupted" | "between";
  /** For `partial`, of SQL text: the statement at which it stopped. */
  readonly stoppedAt?: {
    /** Its number in the migration, from 1. */
    readonly statementNumber: number;
    /** The first line of its text. */
    readonly statement: string;
    /** The file it is in. */
    readonly file: string;
    /** The line it begins on, from 1. */
    readonly line: number;
  };
  /** For `partial`: message of the error that stopped it. */
  readonly error?: string;
}

/** A whole set of migrations. */
export interface LatestMigrations {
  /** Its newest version, or `null` when it is empty. */
  readonly version: string | null;
  /** Its fingerprint, as `Tenant.migrationsDigest` has it. */
  readonly digest: string;
}

/** What a schema's own history says. */
export interface SchemaHistory {
  /** Newest version that is all applied. */
  readonly version: string | null;
  /** Fingerprint of what is applied, as `Tenant.migrationsDigest` has it. */
  readonly migrationsDigest: string;
  /** Every known or applied migration, by version. */
  readonly migrations: readonly MigrationStatus[];
}

/** All that is pending in one tenant, as one message. */
export interface MigrationMessage {
  /** Text for `Session.script`, in the tenant's scope; `undefined` when nothing is pending. */
  readonly text: string | undefined;
  /** Versions that it applies. */
  readonly versions: readonly string[];
  /** Whether it only defines tables and the like, so that nothing of it is left in the session. */
  readonly leavesNothing: boolean;
}

/** Writes the pending migrations of many tenants as one message each. */
export interface MessageWriter {
  /**
   * Returns the message for a tenant as it was listed. The message fails, and does nothing, if the
   * tenant is not any more as it was.
   *
   * @returns `undefined` for a tenant that has to be migrated by `migrate`
   */
  of(session: Session, tenant: Tenant): Promise<MigrationMessage | undefined>;
  /** Whether it is known already that `of` will return `undefined`. */
  needsCare(tenant: Tenant): boolean;
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
   * schema that was just made. `complete` tells whether nothing is left for `migrate`. Where DDL
   * commits at once, it applies all of them; no progress is recorded, as a schema whose making failed
   * is removed.
   */
  migrateNew(
    tx: Transaction,
    tenant: Tenant,
    options?: MigrateNewOptions,
  ): Promise<{ readonly versions: readonly string[]; readonly complete: boolean }>;
  /**
   * Writes into a schema's history, whose table is there, that migrations were applied by somebody else;
   * entries that it has stay as they are. Notes in the registry what the tenant is at.
   */
  recordApplied(tx: Transaction, tenant: Tenant, versions: readonly string[]): Promise<Tenant>;
  /** Undoes what was applied last. */
  rollback(
    session: Session,
    target: MigrationTarget,
    options?: RollbackOptions,
  ): Promise<MigrationResult>;
  /** Lists every known or applied migration, by version. Needs no lock. */
  status(session: Session, target: MigrationTarget): Promise<MigrationStatus[]>;
  /** Reads a schema's own history, to compare it with the registry. Needs no lock. */
  history(session: Session, target: MigrationTarget): Promise<SchemaHistory>;
  /**
   * Returns what writes pending migrations as messages, for one run over many tenants; `undefined`
   * where DDL commits at once.
   *
   * @param states - those that a tenant may be migrated in
   */
  messages(options: MigrateOptions, states: readonly TenantState[]): MessageWriter | undefined;
  /** Lists a set of migrations, by version. */
  list(set: "tenant" | "global"): Promise<readonly Migration[]>;
  /** What a schema is at when nothing is pending. */
  latest(set: "tenant" | "global"): Promise<LatestMigrations>;
}
