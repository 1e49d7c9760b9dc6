import { attempt, isPromise } from "../../../internal/maybe-promise.ts";
import type { MaybePromise, Resolution, ResolveRequest } from "../../../core/resolution.ts";
import { isTenancyError } from "../../../errors/tenancy-error.ts";
import type { Tenant } from "../../../core/tenant.ts";
import type { HttpTenancy } from "./options.ts";
import { type Refusal, refusalFor, refusalForError } from "./status.ts";

/** What is done with a request. */
export interface Decision {
  /** Its tenant, if it is served in the name of one. */
  readonly tenant: Tenant | undefined;
  /** What it resolved to; `undefined` if it was not resolved, or could not be. */
  readonly resolution: Resolution | undefined;
  /** What it is refused with, unless it is served. */
  readonly refusal: Refusal | undefined;
  /** What to enter: never another tenant's scope, nor one that is left over. */
  readonly scope: Resolution;
  /** The host that the request named, for log lines. */
  readonly host: string | undefined;
}

/** Enters no scope: queries are refused. */
const NO_SCOPE: Resolution = Object.freeze({ kind: "unknown" });

/** A request that is not resolved, and runs without a scope. */
export const SKIPPED: Decision = Object.freeze({
  host: undefined,
  refusal: undefined,
  resolution: undefined,
  scope: NO_SCOPE,
  tenant: undefined,
});

/**
 * Resolves a request and says what to do with it; at once if the tenancy can.
 *
 * Rejects with what resolving rejects with, but for a database that cannot be reached, a tenancy that
 * is closed, as during a shutdown, and a tenant that could not be migrated: those are refusals.
 */
export function decide(
  tenancy: HttpTenancy,
  request: ResolveRequest,
  onUnknown: "respond" | "pass",
): MaybePromise<Decision> {
  const host = typeof request.host === "string" ? request.host : request.host?.join(", ");
  const resolution = attempt(() => tenancy.resolve(request));
  if (!isPromise(resolution)) return judge(tenancy, resolution, host, onUnknown);
  return resolution.then(
    (resolution) => judge(tenancy, resolution, host, onUnknown),
    (error: unknown) => {
      const refusal = refusalForError(error);
      if (refusal === undefined) throw error;
      return notResolved(tenancy, host, refusal);
    },
  );
}

/**
 * Calls `fn` in the scope that was decided, and returns what it returns, unawaited. If the tenancy
 * was closed in the meantime, `fn` is told to refuse the request, and queries are refused anyway.
 */
export function enterDecision<T>(
  tenancy: HttpTenancy,
  decision: Decision,
  fn: (decision: Decision) => T,
): T {
  let isEntered = false;
  try {
    return tenancy.enter(decision.scope, () => {
      isEntered = true;
      return fn(decision);
    });
  } catch (error) {
    if (isEntered || !isTenancyError(error, "TENANCY_CLOSED")) throw error;
    const isServed = decision.resolution !== undefined && decision.refusal === undefined;
    const refusal = refusalFor("unavailable", undefined, error);
    return fn(isServed ? notResolved(tenancy, decision.host, refusal) : decision);
  }
}

function judge(
  tenancy: HttpTenancy,
  resolution: Resolution,
  host: string | undefined,
  onUnknown: "respond" | "pass",
): Decision {
  if (resolution.kind === "tenant") {
    const { tenant } = resolution;
    return { host, refusal: undefined, resolution, scope: resolution, tenant };
  }
  if (resolution.kind === "global" || (resolution.kind === "unknown" && onUnknown === "pass")) {
    return { host, refusal: undefined, resolution, scope: resolution, tenant: undefined };
  }
  const refusal = refusalFor(resolution.kind, resolution);
  logRefusal(tenancy, host, refusal);
  return refused(refusal, host);
}

function notResolved(tenancy: HttpTenancy, host: string | undefined, refusal: Refusal): Decision {
  // The attempt to migrate has its own line, and many requests may be refused because of one.
  if (refusal.kind === "migrating") logRefusal(tenancy, host, refusal);
  else tenancy.logger.error({ err: refusal.cause, host }, "request not resolved");
  return refused(refusal, host);
}

function logRefusal(tenancy: HttpTenancy, host: string | undefined, refusal: Refusal): void {
  const { error: reason, status } = refusal;
  tenancy.logger.info({ host, reason, status }, "request refused");
}

function refused(refusal: Refusal, host: string | undefined): Decision {
  return { ...SKIPPED, host, refusal, resolution: refusal.resolution };
}
