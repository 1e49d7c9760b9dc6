import type { MaybePromise, Resolution, ResolveRequest } from "../core/resolution.ts";
import type { Tenant } from "../core/tenant.ts";
import { andThen, isPromise } from "../internal/maybe-promise.ts";
import { toResolution } from "../resolvers/verdict.ts";
import type { OnRequest } from "./on-request.ts";

type Resolve = (request: ResolveRequest) => MaybePromise<Resolution>;

/** Resolves a request to a tenant only when that may be entered; at once if it may be. */
export function resolveReady(resolve: Resolve, onRequest: OnRequest | undefined): Resolve {
  if (onRequest === undefined) return resolve;
  const whenReady = (resolution: Resolution): MaybePromise<Resolution> => {
    if (resolution.kind !== "tenant") return resolution;
    const ready = onRequest.ready(resolution.tenant);
    return isPromise(ready) ? ready.then((tenant) => resolveAgain(resolution, tenant)) : resolution;
  };
  return (request) => andThen(resolve(request), whenReady);
}

/** The same tenant as before, which may be in another state by now, or gone. */
function resolveAgain(
  { strippedUrl, tenant }: Extract<Resolution, { kind: "tenant" }>,
  found: Tenant | undefined,
): Resolution {
  return toResolution([
    found === undefined
      ? { kind: "unknown", name: tenant.slug }
      : { kind: "tenant", strippedUrl, tenant: found },
  ]);
}
