import { isPromise } from "../../../internal/maybe-promise.ts";
import type { Identification, Resolver, ResolverSettings } from "../../../core/resolution.ts";

/** What a path resolver never asks for. */
const SETTINGS: ResolverSettings = {
  adminHosts: new Set(),
  primaryDomain: undefined,
  slugFallback: false,
};

/**
 * Returns a URL without the prefix that names the tenant, or `undefined` when a path resolver finds
 * none in it; for frameworks that choose the route before any middleware runs.
 *
 * @param url - path with query string
 */
export function stripPrefix(resolver: Resolver, url: string): string | undefined {
  let identification: Identification | Promise<Identification>;
  try {
    identification = resolver.identify({ url }, SETTINGS);
  } catch {
    // The tenancy asks the same resolver again, and its error is dealt with there.
    return undefined;
  }
  if (identification === undefined) return undefined;
  if (isPromise(identification)) {
    // As above; and a route cannot wait for a promise.
    identification.catch(() => undefined);
    return undefined;
  }
  return identification.kind === "slug" || identification.kind === "id"
    ? identification.strippedUrl
    : undefined;
}
