import { type ErrorCode, REMEDIES } from "./codes.ts";

/** What a {@link TenancyError} may carry beside its code and fact. */
export interface TenancyErrorOptions extends ErrorOptions {
  /** Slug, or if that is not known the id or schema name, of the tenant concerned. */
  readonly tenant?: string | undefined;
  /** Replaces the code's general remedy where a more exact one is known. */
  readonly remedy?: string | undefined;
}

/**
 * The only class that is thrown on purpose. Branch on `code`; messages may change in a patch release.
 *
 * The message is a fact, a remedy and the code; it may name tenants, never SQL values or passwords.
 */
export class TenancyError extends Error {
  override readonly name: string = "TenancyError";
  /** Brand: holds across two copies of this package in one process, where `instanceof` does not. */
  readonly isTenancyError: true = true;
  /** What went wrong, stable across releases. */
  readonly code: ErrorCode;
  /** The tenant concerned (slug if known), or `undefined` when there is none. */
  readonly tenant: string | undefined;

  /**
   * @param code - what went wrong
   * @param fact - one sentence, ending in a full stop, that says what happened
   * @param options - the tenant, the cause, and a remedy that is better than the code's own
   */
  constructor(code: ErrorCode, fact: string, options: TenancyErrorOptions = {}) {
    super(
      `${fact} ${options.remedy ?? REMEDIES[code]} [${code}]`,
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.code = code;
    this.tenant = options.tenant;
  }
}

/** Tells whether `error` is a {@link TenancyError}, of this or another copy of the package. */
export function isTenancyError(error: unknown, code?: ErrorCode): error is TenancyError {
  return (
    typeof error === "object" &&
    error !== null &&
    (error as { isTenancyError?: unknown }).isTenancyError === true &&
    (code === undefined || (error as { code?: unknown }).code === code)
  );
}
