import { parseSlug } from "../core/names.ts";
import type { Freshness, Registry } from "../core/registry.ts";
import type {
  Identification,
  MaybePromise,
  Resolution,
  ResolveRequest,
} from "../core/resolution.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { all, andThen, attempt } from "../internal/maybe-promise.ts";
import { HOST_RESOLVER } from "./host.ts";
import { rememberHosts } from "./host-memory.ts";
import { toResolution, type Verdict } from "./verdict.ts";

/** What a resolve function is made from. */
export interface ResolveOptions {
  /** Where tenants are looked up. */
  readonly registry: Pick<Registry, "lookup" | "lookupDomain" | "epoch">;
  /** The chain, and what resolvers and slugs are measured by. */
  readonly settings: Pick<Settings, "cache" | "resolvers" | "resolving" | "rules">;
  /** Milliseconds of the registry's clock. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
}

/** Finds out which tenant a request is for. */
export type Resolve = (request: ResolveRequest) => MaybePromise<Resolution>;

/** One request's lookups, and how long what comes of them may be remembered. */
export type ResolveAnew = (
  request: ResolveRequest,
  freshness: Freshness,
) => MaybePromise<Resolution>;

/**
 * Makes the function that finds out which tenant a request is for. All resolvers are asked:
 *
 * - one that finds the request malformed makes it `invalid`;
 * - one that names a tenant that does not exist makes it `unknown`, whatever the others say;
 * - two that name different tenants, or a tenant and the global scope, make it a `conflict`;
 * - else the tenant that was named, if it is active, or its state; `unknown` when nobody named any.
 *
 * Answers at once when the registry does. With the host resolver alone, hosts that were resolved
 * are remembered, no longer than the registry remembers what they were resolved by. Rejects only
 * when the database, or a resolver that is the application's, does.
 */
export function createResolve(options: ResolveOptions): Resolve {
  const { now = () => performance.now(), registry, settings } = options;
  const resolveAnew: ResolveAnew = (request, freshness) => {
    const identifications = settings.resolvers.map((resolver) =>
      attempt(() => resolver.identify(request, settings.resolving)),
    );
    return andThen(all<Identification>(identifications), (given) => {
      const invalid = given.find((identification) => identification?.kind === "invalid");
      if (invalid !== undefined) return Object.freeze(invalid);
      const verdicts = given.map((identification) =>
        attempt(() => judge(identification, options, freshness)),
      );
      return andThen(all<Verdict>(verdicts), toResolution);
    });
  };
  const isHostAlone = settings.resolvers.every((resolver) => resolver === HOST_RESOLVER);
  if (isHostAlone) return rememberHosts(resolveAnew, { now, registry, settings });
  return (request) => resolveAnew(request, { until: Infinity });
}

/** Looks up what a resolver named. */
function judge(
  identification: Identification,
  options: ResolveOptions,
  freshness: Freshness,
): MaybePromise<Verdict> {
  const { registry } = options;
  switch (identification?.kind) {
    case undefined:
    case "invalid":
      return undefined;
    case "global":
      return { kind: "global" };
    case "id": {
      const { id, strippedUrl } = identification;
      return andThen(registry.lookup({ id }, freshness), (tenant) =>
        tenant === undefined
          ? { kind: "unknown", name: id }
          : { kind: "tenant", strippedUrl, tenant },
      );
    }
    case "slug":
      return judgeSlug(identification.slug, identification.strippedUrl, options, freshness);
    case "domain": {
      const { domain, fallbackSlug } = identification;
      // Both are asked before either is awaited, so that they share one query.
      const byDomain = registry.lookupDomain(domain, freshness);
      const bySlug =
        fallbackSlug === undefined
          ? undefined
          : judgeSlug(fallbackSlug, undefined, options, freshness);
      return andThen(all<Tenant | Verdict>([byDomain, bySlug]), (answers) => {
        const [tenant, verdict] = answers as [Tenant | undefined, Verdict];
        return tenant === undefined ? verdict : { kind: "tenant", tenant };
      });
    }
  }
}

// ISOLATION: what is no slug is never looked up: `public` and `pg_catalog` are nobody. unit/resolvers/create-resolve.test.ts
function judgeSlug(
  slug: string,
  strippedUrl: string | undefined,
  { registry, settings }: ResolveOptions,
  freshness: Freshness,
): MaybePromise<Verdict> {
  const unknown: Verdict = { kind: "unknown", name: slug };
  if (!isSlug(slug, settings)) return unknown;
  return andThen(registry.lookup(slug, freshness), (tenant) =>
    tenant === undefined ? unknown : { kind: "tenant", strippedUrl, tenant },
  );
}

function isSlug(text: string, { rules }: ResolveOptions["settings"]): boolean {
  try {
    parseSlug(text, rules);
    return true;
  } catch (error) {
    if (isTenancyError(error, "INVALID_TENANT_ID")) return false;
    throw error;
  }
}
