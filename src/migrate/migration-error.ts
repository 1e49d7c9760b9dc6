import { TenancyError } from "../errors/tenancy-error.ts";

/** Where and why a migration failed, or was found half-done. */
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

/** What is said of a migration, where it is not just that it failed. */
export interface MigrationNews {
  /** Default `MIGRATION_FAILED`. */
  readonly code?: "MIGRATION_INTERRUPTED";
  /** A sentence. Default: that it failed, and with which error. */
  readonly fact?: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/**
 * A migration that failed (code `MIGRATION_FAILED`), or that was interrupted before and is not gone on
 * with (`MIGRATION_INTERRUPTED`), and what to look at.
 */
export class MigrationError extends TenancyError implements MigrationFailure {
  override readonly name: string = "MigrationError";
  readonly schemaName: string;
  readonly version: string;
  readonly file: string;
  readonly statement: string | undefined;
  readonly statementNumber: number | undefined;
  readonly line: number | undefined;
  readonly applied: readonly string[];

  /**
   * @param failure - where it was
   * @param cause - the error with which it failed; `undefined` when it is not known
   * @param news - what is said, where it is not just that it failed
   */
  constructor(failure: MigrationFailure, cause: unknown, news: MigrationNews = {}) {
    super(news.code ?? "MIGRATION_FAILED", news.fact ?? failedFact(failure, cause), {
      ...(cause !== undefined && { cause }),
      remedy: news.remedy ?? remedyFor(cause),
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

/** Names whom a migration is for, in words. */
export function whoseSchema(tenant: string | undefined): string {
  return tenant === undefined ? "the global schema" : `tenant "${tenant}"`;
}

/** Says why something failed: in the server's own words, to which some client libraries add values. */
export function reasonOf(cause: unknown): string {
  const { sqlMessage } = (cause ?? {}) as { readonly sqlMessage?: unknown };
  if (typeof sqlMessage === "string" && sqlMessage !== "") return sqlMessage;
  return cause instanceof Error ? cause.message : String(cause);
}

function failedFact({ file, line, tenant }: MigrationFailure, cause: unknown): string {
  const where = line === undefined ? file : `${file}:${line}`;
  return `The migration ${where} failed for ${whoseSchema(tenant)}: ${reasonOf(cause)}.`;
}

function remedyFor(cause: unknown): string | undefined {
  return refusesTransaction(cause)
    ? "Begin the file with `-- migrate:no-transaction`; a module exports `transaction = false`."
    : undefined;
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html (active_sql_transaction) */
function refusesTransaction(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null | undefined)?.code === "25001";
}
