import type { IncomingMessage } from "node:http";
import type { Resolver } from "../../../core/resolution.ts";
import { stripPrefix } from "./path-prefix.ts";

const originals = new WeakMap<object, string>();

/**
 * Makes Fastify's `rewriteUrl` option for tenants that are named by a path prefix: Fastify chooses
 * the route before any plugin sees the request, so that is where the prefix must come off.
 *
 * Without it the routes see the whole URL and can have the prefix in their pattern.
 *
 * @param resolver - the path resolver that the tenancy has as well
 * @example
 * ```ts
 * const app = fastify({ rewriteUrl: rewriteUrl(resolver) });
 * ```
 */
export function rewriteUrl(resolver: Resolver): (request: { url?: string | undefined }) => string {
  return (request) => {
    const url = request.url ?? "/";
    const stripped = stripPrefix(resolver, url);
    if (stripped === undefined) return url;
    originals.set(request, url);
    return stripped;
  };
}

/** Returns the URL that a request had before {@link rewriteUrl}, if that changed it. */
export function urlBeforeRewrite(request: IncomingMessage): string | undefined {
  return originals.get(request);
}
