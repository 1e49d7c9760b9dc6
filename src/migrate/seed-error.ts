import { TenancyError } from "../errors/tenancy-error.ts";
import { reasonOf } from "./migration-error.ts";

/** Where and why a seed failed. */
export interface SeedFailure {
  /** Slug of the tenant. */
  readonly tenant: string | undefined;
  /** The schema. */
  readonly schemaName: string;
  /** Its file, or `seed` for the function of the configuration. */
  readonly file: string;
  /** Text of the statement that failed, cut to 2,000 characters, where it is known. */
  readonly statement: string | undefined;
  /** Number of that statement in the file, from 1. */
  readonly statementNumber: number | undefined;
  /** Line of that statement in the file, from 1. */
  readonly line: number | undefined;
}

/** A seed that failed (code `SEED_FAILED`), and what to look at. Nothing of it is left. */
export class SeedError extends TenancyError implements SeedFailure {
  override readonly name: string = "SeedError";
  readonly schemaName: string;
  readonly file: string;
  readonly statement: string | undefined;
  readonly statementNumber: number | undefined;
  readonly line: number | undefined;

  /**
   * @param failure - where it was
   * @param cause - the error with which it failed
   */
  constructor(failure: SeedFailure, cause: unknown) {
    const { file, line, tenant } = failure;
    const where = line === undefined ? file : `${file}:${line}`;
    super("SEED_FAILED", `The seed ${where} failed for tenant "${tenant}": ${reasonOf(cause)}.`, {
      cause,
      tenant,
    });
    this.schemaName = failure.schemaName;
    this.file = file;
    this.statement = failure.statement;
    this.statementNumber = failure.statementNumber;
    this.line = line;
  }
}
