import type { ErrorCode } from "../../../errors/codes.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";
import type { Refusal } from "../../http/common/status.ts";

/** The codes of tRPC that tenants have a use for. */
export type TrpcCode =
  | "BAD_REQUEST"
  | "CONFLICT"
  | "FORBIDDEN"
  | "INTERNAL_SERVER_ERROR"
  | "NOT_FOUND"
  | "SERVICE_UNAVAILABLE";

/** What the toolkit's errors are to the client; those that are not here are the application's fault. */
const CODES: Partial<Readonly<Record<ErrorCode, TrpcCode>>> = {
  DATABASE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
  DOMAIN_TAKEN: "CONFLICT",
  INVALID_DOMAIN: "BAD_REQUEST",
  INVALID_KEY: "BAD_REQUEST",
  INVALID_PATH: "BAD_REQUEST",
  INVALID_TENANT_ID: "BAD_REQUEST",
  TENANCY_CLOSED: "SERVICE_UNAVAILABLE",
  TENANT_BUSY: "SERVICE_UNAVAILABLE",
  TENANT_EXISTS: "CONFLICT",
  TENANT_NOT_ACTIVE: "FORBIDDEN",
  TENANT_NOT_FOUND: "NOT_FOUND",
  WRONG_TENANT: "FORBIDDEN",
};

const BY_STATUS: Readonly<Record<number, TrpcCode>> = {
  400: "BAD_REQUEST",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  500: "INTERNAL_SERVER_ERROR",
  503: "SERVICE_UNAVAILABLE",
};

/**
 * Returns an error that tRPC takes for one of its own: it goes by the name, so that the package need
 * not be loaded.
 */
export function trpcError(code: TrpcCode, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code, name: "TRPCError" });
}

/** Returns what a request is refused with. */
export function refusalError({ cause, message, status }: Refusal): Error {
  return trpcError(BY_STATUS[status] ?? "INTERNAL_SERVER_ERROR", message, cause);
}

/** Returns the error for tRPC that one of the toolkit's is, or `undefined` where that is none of both. */
export function errorFor(error: unknown): Error | undefined {
  const code = isTenancyError(error) ? CODES[error.code] : undefined;
  return code && trpcError(code, (error as Error).message, error);
}
