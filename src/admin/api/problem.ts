import type { Problem } from "../contract.ts";
import { isTenancyError } from "../../errors/tenancy-error.ts";

/** A code that is the API's own, with its status. */
const STATUSES = {
  CSRF: 403,
  FORBIDDEN: 403,
  INTERNAL: 500,
  INVALID_REQUEST: 400,
  METHOD_NOT_ALLOWED: 405,
  NOT_FOUND: 404,
  PAGES_MISSING: 503,
  RATE_LIMITED: 429,
  TOO_LARGE: 413,
  UNAUTHORIZED: 401,
  UNSUPPORTED_MEDIA_TYPE: 415,
} as const;

/** Codes of the API's own. */
export type RequestCode = keyof typeof STATUSES;

/** Statuses of the toolkit's codes; of those that are not named here it is 422. */
const TENANCY_STATUSES: Readonly<Record<string, number>> = {
  AUDIT_FAILED: 503,
  DATABASE_UNAVAILABLE: 503,
  DOMAIN_TAKEN: 409,
  INVALID_CURSOR: 400,
  INVALID_DOMAIN: 400,
  INVALID_QUERY: 400,
  INVALID_SCHEMA_NAME: 400,
  INVALID_STATE: 409,
  INVALID_TENANT_ID: 400,
  MIGRATION_NOT_FOUND: 404,
  REGISTRY_MISSING: 503,
  SCHEMA_EXISTS: 409,
  TENANCY_CLOSED: 503,
  TENANT_BUSY: 409,
  TENANT_EXISTS: 409,
  TENANT_NOT_ACTIVE: 409,
  TENANT_NOT_FOUND: 404,
};

/** What the API refuses by itself, before the tenancy is asked. */
export class RequestError extends Error {
  override readonly name: string = "RequestError";
  /** What is wrong. */
  readonly code: RequestCode;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RequestCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.headers = headers;
  }
}

/** Errors whose messages repeat the server's, which may quote values of rows. */
const QUOTING: ReadonlySet<unknown> = new Set([
  "MIGRATION_FAILED",
  "MIGRATION_INTERRUPTED",
  "SEED_FAILED",
]);

/** What a driver's errors, and those of migrations and seeds, carry. */
interface Failure {
  readonly code?: unknown;
  readonly file?: unknown;
  readonly line?: unknown;
  readonly cause?: { readonly code?: unknown } | null;
}

/** Says of an error what a person may read: nothing that quotes values of rows. */
export function explain(error: unknown): Problem["error"] {
  if (error instanceof RequestError) return { code: error.code, message: error.message };
  if (!isTenancyError(error)) {
    return { code: "INTERNAL", message: "Something went wrong; the application's log says what." };
  }
  // By code and not by class: another copy of the package has other classes.
  if (!QUOTING.has(error.code)) return { code: error.code, message: error.message };
  const { cause, file, line } = error as Failure;
  const place = [file, line].filter((part) => part !== undefined).map(String);
  const state = typeof cause?.code === "string" ? `: ${cause.code}` : "";
  const where = place.length === 0 ? "" : ` at ${place.join(":")}`;
  const what = error.code === "SEED_FAILED" ? "The seed" : "The migration";
  const verb = error.code === "MIGRATION_INTERRUPTED" ? "was interrupted" : "failed";
  return {
    code: error.code,
    message: `${what} ${verb}${where}${state}. The application's log and the command line say more.`,
  };
}

/** Returns the status of an error. */
export function statusOf(error: unknown): number {
  if (error instanceof RequestError) return STATUSES[error.code];
  return isTenancyError(error) ? (TENANCY_STATUSES[error.code] ?? 422) : 500;
}
