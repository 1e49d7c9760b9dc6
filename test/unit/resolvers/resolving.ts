import { slugKey } from "../../../src/core/names.ts";
import type { Freshness } from "../../../src/core/registry.ts";
import type { MaybePromise, Resolver } from "../../../src/core/resolution.ts";
import type { Tenant, TenantState } from "../../../src/core/tenant.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";
import { createResolve, type Resolve } from "../../../src/resolvers/create-resolve.ts";
import { host } from "../../../src/resolvers/host.ts";

/** A registry in memory, and what it was asked. */
export interface Resolving {
  readonly resolve: Resolve;
  readonly asked: string[];
  readonly tenants: Map<string, Tenant>;
  readonly registry: { epoch: number; ttlMs: number };
  readonly clock: { time: number };
}

export interface ResolvingOptions {
  readonly resolvers?: readonly Resolver[];
  readonly slugFallback?: boolean;
  readonly isAsync?: boolean;
  readonly maxEntries?: number;
}

/** Makes a resolve function over a few tenants: one in each state, and two that are active. */
export function createResolving(options: ResolvingOptions = {}): Resolving {
  const { isAsync = false, maxEntries = 100, resolvers = [host()], slugFallback = false } = options;
  const tenants = new Map<string, Tenant>();
  const add = (slug: string, state: TenantState = "active", domains: string[] = []): void => {
    tenants.set(slugKey(slug), makeTenant(slug, state, domains));
  };
  add("acme", "active", ["acme.test"]);
  add("globex", "active", ["taken.example.com"]);
  add("suspended", "suspended");
  add("archived", "archived");
  add("maintenance", "maintenance");
  add("renaming", "renaming");
  add("provisioning", "provisioning");
  add("failed", "failed");
  add("dropping", "dropping");

  const asked: string[] = [];
  const clock = { time: 1000 };
  const registry = { epoch: 0, ttlMs: 300_000 };
  const answer = (
    name: string,
    tenant: Tenant | undefined,
    freshness?: Freshness,
  ): MaybePromise<Tenant | undefined> => {
    asked.push(name);
    if (freshness) freshness.until = Math.min(freshness.until, clock.time + registry.ttlMs);
    return isAsync ? Promise.resolve(tenant) : tenant;
  };
  const all = (): Tenant[] => [...tenants.values()];
  const resolve = createResolve({
    now: () => clock.time,
    registry: {
      get epoch() {
        return registry.epoch;
      },
      lookup: (ref, freshness) =>
        typeof ref === "string"
          ? answer(ref, tenants.get(slugKey(ref)), freshness)
          : answer(
              ref.id,
              all().find(({ id }) => id === ref.id),
              freshness,
            ),
      lookupDomain: (domain, freshness) =>
        answer(
          domain,
          all().find(({ domains }) => domains.includes(domain)),
          freshness,
        ),
    },
    settings: {
      cache: { maxEntries, negativeTtlMs: 30_000, ttlMs: 300_000 },
      resolvers,
      resolving: {
        adminHosts: new Set(["admin.example.com"]),
        primaryDomain: "example.com",
        slugFallback,
      },
      rules: {
        dialect: postgres,
        globalSchema: "public",
        reservedSlugs: [],
        sharedSchemas: [],
        tenantPrefix: "tenant_",
      },
    },
  });
  return { asked, clock, registry, resolve, tenants };
}

export function makeTenant(slug: string, state: TenantState, domains: string[] = []): Tenant {
  return {
    createdAt: new Date(0),
    domains,
    extra: {},
    id: `id-${slug}`,
    migrationsDigest: null,
    name: null,
    schemaName: `tenant_${slug}`,
    server: "default",
    slug,
    state,
    updatedAt: new Date(0),
    version: null,
  };
}
