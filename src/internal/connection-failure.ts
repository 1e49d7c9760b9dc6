import { TenancyError } from "../errors/tenancy-error.ts";

const SYSTEM_CODES: ReadonlySet<string> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/**
 * Shut down or starting (57P01 to 57P03), out of connections (53300), no such database (3D000),
 * refused user or password (28…), broken connection (08…).
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATES = /^(?:08...|28...|3D000|53300|57P0[123])$/;

/** What drivers say without a code. */
const MESSAGES =
  /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Tells whether `error`, from any driver, says that the server could not be reached or talked to. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return SYSTEM_CODES.has(code) || SQLSTATES.test(code);
  if (error instanceof AggregateError) return error.errors.some(isConnectionFailure);
  return MESSAGES.test(error.message);
}

/** Returns `DATABASE_UNAVAILABLE` for a connection that failed, and any other error as it is. */
export function explainConnectionFailure(error: unknown): unknown {
  if (!isConnectionFailure(error)) return error;
  return new TenancyError("DATABASE_UNAVAILABLE", "The database could not be reached.", {
    cause: error,
  });
}
