import { TenancyError } from "../errors/tenancy-error.ts";

/** Where and why a migration failed. */
export interface MigrationFailure {
  /** Slug of the tenant, or `undefined` for the global schema. */
  readonly tenant: string | undefined;
  /** The schema. */
  readonly schemaName: string;
  /** Version of the migration. */
  readonly version: string;
  /** Its file, or its name when it came from code. */
  readonly file: string;
  /** Text of the statement that failed, cut to 2,000 characters, where it is known. */
  readonly statement: string | undefined;
  /** Number of that statement in the migration, from 1. */
  readonly statementNumber: number | undefined;
  /** Line of that statement in the file, from 1. */
  readonly line: number | undefined;
  /** Versions that the same call had applied, or rolled back, before it. */
  readonly applied: readonly string[];
}

/** A migration that failed: code `MIGRATION_FAILED`, and what to look at. */
export class MigrationError extends TenancyError implements MigrationFailure {
  override readonly name: string = "MigrationError";
  readonly schemaName: string;
  readonly version: string;
  readonly file: string;
  readonly statement: string | undefined;
  readonly statementNumber: number | undefined;
  readonly line: number | undefined;
  readonly applied: readonly string[];

  constructor(failure: MigrationFailure, cause: unknown) {
    const whose = failure.tenant === undefined ? "the global schema" : `tenant "${failure.tenant}"`;
    const where = failure.line === undefined ? failure.file : `${failure.file}:${failure.line}`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("MIGRATION_FAILED", `The migration ${where} failed for ${whose}: ${reason}.`, {
      cause,
      remedy: refusesTransaction(cause)
        ? "Begin the file with `-- migrate:no-transaction`; a module exports `transaction = false`."
        : undefined,
      tenant: failure.tenant,
    });
    this.schemaName = failure.schemaName;
    this.version = failure.version;
    this.file = failure.file;
    this.statement = failure.statement;
    this.statementNumber = failure.statementNumber;
    this.line = failure.line;
    this.applied = failure.applied;
  }
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html (active_sql_transaction) */
function refusesTransaction(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === "25001";
}
