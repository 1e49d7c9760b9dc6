import type { Resolution } from "../../../core/resolution.ts";
import type { ErrorCode } from "../../../errors/codes.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";

/** Why a request is not served. */
export type RefusalKind =
  | "unknown"
  | "conflict"
  | "invalid"
  | "suspended"
  | "maintenance"
  | "provisioning"
  /** The tenant is behind, and migrating it on request takes its time, or failed. */
  | "migrating"
  /** The registry cannot be read: the database cannot be reached, or the tenancy is closed. */
  | "unavailable"
  /** A route for tenants was asked for in no tenant's name. */
  | "tenantRequired"
  /** A route of the global scope was asked for in a tenant's name, or in nobody's. */
  | "globalRequired"
  /** The session was begun in another tenant. */
  | "wrongTenant"
  /** Resolving failed for another reason, and no framework is there to deal with it. */
  | "failed";

/** What a request is refused with. */
export interface Refusal {
  /** Why. */
  readonly kind: RefusalKind;
  /** HTTP status. */
  readonly status: number;
  /** Stable identifier in the body, such as `"unknown_tenant"`. */
  readonly error: string;
  /** One sentence for people; never holds anything that the request sent. */
  readonly message: string;
  /** Whether `Retry-After` is sent. */
  readonly retryable: boolean;
  /** What the request resolved to; `undefined` when resolving failed. */
  readonly resolution: Resolution | undefined;
  /** Why resolving failed, for `"unavailable"` and `"migrating"`. */
  readonly cause?: unknown;
}

type Answer = Pick<Refusal, "status" | "error" | "message" | "retryable">;

/** The one place where an outcome becomes an HTTP status. */
const ANSWERS: Readonly<Record<RefusalKind, Answer>> = {
  conflict: {
    error: "conflicting_tenants",
    message: "The request names more than one tenant.",
    retryable: false,
    status: 400,
  },
  failed: {
    error: "internal_error",
    message: "Something went wrong.",
    retryable: false,
    status: 500,
  },
  globalRequired: {
    error: "global_required",
    message: "This is not available to tenants.",
    retryable: false,
    status: 403,
  },
  invalid: {
    error: "invalid_request",
    message: "The request names its tenant in an invalid way.",
    retryable: false,
    status: 400,
  },
  maintenance: {
    error: "tenant_maintenance",
    message: "This tenant is in maintenance. Try again later.",
    retryable: true,
    status: 503,
  },
  migrating: {
    error: "tenant_migrating",
    message: "This tenant is being updated. Try again later.",
    retryable: true,
    status: 503,
  },
  provisioning: {
    error: "tenant_provisioning",
    message: "This tenant is being set up. Try again later.",
    retryable: true,
    status: 503,
  },
  suspended: {
    error: "tenant_suspended",
    message: "This tenant is suspended.",
    retryable: false,
    status: 403,
  },
  tenantRequired: {
    error: "tenant_required",
    message: "This is only available to tenants.",
    retryable: false,
    status: 404,
  },
  unavailable: {
    error: "temporarily_unavailable",
    message: "The service is unavailable for the moment. Try again later.",
    retryable: true,
    status: 503,
  },
  unknown: {
    error: "unknown_tenant",
    message: "There is no such tenant.",
    retryable: false,
    status: 404,
  },
  wrongTenant: {
    error: "wrong_tenant",
    message: "This session belongs to another tenant.",
    retryable: false,
    status: 403,
  },
};

/** Returns what a request is refused with for one reason. */
export function refusalFor(
  kind: RefusalKind,
  resolution: Resolution | undefined,
  cause?: unknown,
): Refusal {
  return { ...ANSWERS[kind], cause, kind, resolution };
}

/** Failures of resolving that are answered, in place of being handed to the framework. */
const KINDS: ReadonlyMap<ErrorCode, "unavailable" | "migrating"> = new Map([
  ["DATABASE_UNAVAILABLE", "unavailable"],
  ["MIGRATION_CHANGED", "migrating"],
  ["MIGRATION_FAILED", "migrating"],
  ["MIGRATION_INTERRUPTED", "migrating"],
  ["MIGRATION_OUT_OF_ORDER", "migrating"],
  ["TENANCY_CLOSED", "unavailable"],
  ["TENANT_BUSY", "migrating"],
]);

/** Returns what an error of resolving is answered with, if it is. */
export function refusalForError(error: unknown): Refusal | undefined {
  const kind = isTenancyError(error) ? KINDS.get(error.code) : undefined;
  return kind && refusalFor(kind, undefined, error);
}
