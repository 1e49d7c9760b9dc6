import { LRUCache } from "lru-cache";
import type { Resolution } from "../core/resolution.ts";
import { andThen } from "../internal/maybe-promise.ts";
import type { Resolve, ResolveAnew, ResolveOptions } from "./create-resolve.ts";

/** Hosts that are longer than any name and port are not worth their memory. */
const LONGEST_HOST = 260;

interface Remembered {
  readonly resolution: Resolution;
  readonly epoch: number;
  readonly until: number;
}

/**
 * Remembers what hosts, as received, resolved to; for a chain that looks at nothing else. Hits make
 * nothing and await nothing. Hosts of nobody are kept apart, so that a flood of them drives no
 * other out.
 */
export function rememberHosts(
  resolveAnew: ResolveAnew,
  { now, registry, settings }: ResolveOptions & { readonly now: () => number },
): Resolve {
  const { maxEntries, ttlMs } = settings.cache;
  const known = new LRUCache<string, Remembered>({ max: maxEntries });
  const unknown = new LRUCache<string, Remembered>({ max: maxEntries });

  return (request) => {
    const { host } = request;
    if (typeof host !== "string" || host.length > LONGEST_HOST) {
      return resolveAnew(request, { until: Infinity });
    }
    const { epoch } = registry;
    const hit = known.get(host) ?? unknown.get(host);
    const time = now();
    // ISOLATION: a host may be another tenant's since. unit/resolvers/host-memory.test.ts
    if (hit !== undefined && hit.epoch === epoch && hit.until > time) return hit.resolution;
    const freshness = { until: time + ttlMs };
    return andThen(resolveAnew(request, freshness), (resolution) => {
      const isNobodys = resolution.kind === "unknown" || resolution.kind === "invalid";
      (isNobodys ? known : unknown).delete(host);
      (isNobodys ? unknown : known).set(host, { epoch, resolution, until: freshness.until });
      return resolution;
    });
  };
}
