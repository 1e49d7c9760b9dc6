import type { Resolver } from "../../../core/resolution.ts";
import { urlWithTarget } from "../common/fetch-request.ts";
import { stripPrefix } from "../common/path-prefix.ts";

/** Finds the path by which Hono chooses the route. */
export type GetPath<Options> = (request: Request, options?: Options) => string;

/**
 * Makes Hono's `getPath` option for tenants that are named by a path prefix: Hono chooses the route
 * before any middleware runs, so that is where the prefix must come off.
 *
 * Without it the routes see the whole path and can have the prefix in their pattern.
 *
 * @param resolver - the path resolver that the tenancy has as well
 * @param getPath - Hono's own, from `hono/utils/url`
 * @example
 * ```ts
 * import { getPath } from "hono/utils/url";
 *
 * const app = new Hono<TenantEnv>({ getPath: stripTenantPath(resolver, getPath) });
 * ```
 */
export function stripTenantPath<Options>(
  resolver: Resolver,
  getPath: GetPath<Options>,
): GetPath<Options> {
  return (request, options) => {
    const { pathname, search } = new URL(request.url);
    const stripped = stripPrefix(resolver, pathname + search);
    if (stripped === undefined) return getPath(request, options);
    return getPath(new Request(urlWithTarget(request.url, stripped)), options);
  };
}
