import type {
  Identification,
  ResolveRequest,
  Resolver,
  ResolverSettings,
} from "../core/resolution.ts";
import { normalizeHost } from "./normalize-host.ts";

/**
 * Returns the resolver that is used by default: the request's host names the tenant.
 *
 * In this order: an admin host is the global scope; a registered domain is its tenant; a one-label
 * subdomain of the primary domain is a slug; with `slugFallback`, so is the first label of any other
 * host. Addresses, `localhost` and the primary domain itself name nobody.
 */
export function host(): Resolver {
  return HOST_RESOLVER;
}

/** The one host resolver. */
export const HOST_RESOLVER: Resolver = Object.freeze({
  identify: (request: ResolveRequest, settings: ResolverSettings) =>
    identifyHost(request.host, settings),
  name: "host",
});

function identifyHost(host: ResolveRequest["host"], settings: ResolverSettings): Identification {
  const hosts = typeof host === "string" ? [host] : (host ?? []);
  const [raw] = hosts;
  if (raw === undefined) return { kind: "invalid", reason: "the request has no host" };
  // ISOLATION: of two hosts, a proxy may have believed the other. unit/resolvers/host.test.ts
  if (hosts.length > 1) return { kind: "invalid", reason: "the request has several hosts" };
  const normalized = normalizeHost(raw);
  if (normalized.kind === "invalid") return normalized;
  return normalized.kind === "address" ? undefined : identifyName(normalized.host, settings);
}

function identifyName(
  host: string,
  { adminHosts, primaryDomain, slugFallback }: ResolverSettings,
): Identification {
  if (adminHosts.has(host)) return { kind: "global" };
  if (host === primaryDomain || host === "localhost") return undefined;
  const dot = host.indexOf(".");
  const label = dot < 0 ? host : host.slice(0, dot);
  if (primaryDomain !== undefined && host.endsWith(`.${primaryDomain}`)) {
    const isNested = host.length > label.length + 1 + primaryDomain.length;
    return { domain: host, fallbackSlug: isNested ? undefined : label, kind: "domain" };
  }
  return { domain: host, fallbackSlug: slugFallback ? label : undefined, kind: "domain" };
}
