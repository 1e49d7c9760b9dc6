import type { H3Event } from "h3";
import type { Resolver } from "../../../core/resolution.ts";
import { urlWithTarget } from "../common/fetch-request.ts";
import { stripPrefix } from "../common/path-prefix.ts";

const originals = new WeakMap<object, string>();

/**
 * Makes h3's `onRequest` option for tenants that are named by a path prefix: h3 chooses the route
 * before any middleware runs, so that is where the prefix must come off.
 *
 * Without it the routes see the whole path and can have the prefix in their pattern.
 *
 * @param resolver - the path resolver that the tenancy has as well
 * @example
 * ```ts
 * const app = new H3({ onRequest: stripTenantPath(resolver) });
 * ```
 */
export function stripTenantPath(resolver: Resolver): (event: H3Event) => void {
  return (event) => {
    const target = targetOf(event);
    const stripped = stripPrefix(resolver, target);
    if (stripped === undefined) return;
    originals.set(event, target);
    setTarget(event, stripped);
  };
}

/** Returns the path and query of an event, as they were before {@link stripTenantPath}. */
// ISOLATION: h3's routes see the path of `event.url`, without dots and needless escapes. Node's own
// request may spell another tenant's. integration/http/h3.test.ts
export function targetOf(event: H3Event): string {
  return originals.get(event) ?? event.url.pathname + event.url.search;
}

/** Gives an event another path and query. */
export function setTarget(event: H3Event, target: string): void {
  (event as { url: URL }).url = urlWithTarget(event.url.href, target);
}
