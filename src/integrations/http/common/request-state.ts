import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { HttpTenancy } from "./options.ts";
import type { Decision } from "./decide.ts";
import { type Refusal, refusalFor } from "./status.ts";

interface RequestState {
  readonly tenancy: HttpTenancy;
  readonly decision: Decision;
}

const STATE = Symbol("kirayedar.state");

/** Remembers what was decided for a request, for the guards behind the middleware. */
export function rememberDecision(request: object, tenancy: HttpTenancy, decision: Decision): void {
  (request as { [STATE]?: RequestState })[STATE] = { decision, tenancy };
}

/** Returns what was decided for a request that a middleware of this tenancy has seen. */
export function decisionFor(request: object, tenancy: HttpTenancy): Decision | undefined {
  const state = (request as { [STATE]?: RequestState })[STATE];
  return state?.tenancy === tenancy ? state.decision : undefined;
}

/** Tells whether an adapter of this tenancy has seen a request. */
export function hasDecision(request: object, tenancy: HttpTenancy): boolean {
  return (request as { [STATE]?: RequestState })[STATE]?.tenancy === tenancy;
}

/** What a guard asks for. */
export type Required = "tenant" | "global";

/**
 * Returns what a request is refused with by a guard, or `undefined` when it may pass. Goes by the
 * scope in force, which `putTenant` may have changed.
 *
 * @throws TenancyError `SCOPE_REQUIRED` when no middleware has seen the request
 */
export function checkGuard(request: object, required: Required): Refusal | undefined {
  const state = (request as { [STATE]?: RequestState })[STATE];
  if (state === undefined) {
    throw new TenancyError(
      "SCOPE_REQUIRED",
      "A guard was reached by a request that the tenant middleware has not seen.",
      { remedy: "Put the middleware before the guard." },
    );
  }
  if (state.tenancy.currentScope()?.kind === required) return undefined;
  const kind = required === "tenant" ? "tenantRequired" : "globalRequired";
  return refusalFor(kind, state.decision.resolution);
}
