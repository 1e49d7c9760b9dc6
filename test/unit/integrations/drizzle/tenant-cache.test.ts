import { pgSchema, pgTable, text } from "drizzle-orm/pg-core";
import { describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, type Scope } from "../../../../src/core/scope.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import { type DrizzleCache, tenantCache } from "../../../../src/integrations/orm/drizzle/index.ts";

const ACME: Scope = {
  kind: "tenant",
  tenant: { id: "a/1", schemaName: "tenant_acme", slug: "acme" } as Tenant,
};

/** A cache in a scope, and what the wrapped one is told. */
function cacheIn(scope: Scope | undefined) {
  const told: unknown[][] = [];
  const tenancy = {
    bindPool: () => ({ pool: undefined, schemaName: "public" }),
    currentScope: () => scope,
  };
  const raw: DrizzleCache = {
    get: async (...args) => void told.push(args),
    onMutate: async (...args) => void told.push(args),
    put: async (...args) => void told.push(args),
    strategy: () => "explicit",
  };
  return { cache: tenantCache(tenancy, raw), raw, tenancy, told };
}

describe("tenantCache", () => {
  it("puts the tenant before keys, and its schema before the names of tables", async () => {
    const { cache, told } = cacheIn(ACME);
    await cache.get("hash", ["notes"], false, true);
    await cache.put("hash", [1], ["notes"], false, { ex: 5 });
    expect(told).toEqual([
      ["tenant/a%2F1/tenant_acme/hash", ["tenant_acme.notes"], false, true],
      ["tenant/a%2F1/tenant_acme/hash", [1], ["tenant_acme.notes"], false, { ex: 5 }],
    ]);
    expect(cache.strategy()).toBe("explicit");
  });

  it("refuses a cache that another tenancy has: the keys of both would be the same", () => {
    const { raw, tenancy } = cacheIn(GLOBAL_SCOPE);
    expect(tenantCache(tenancy, raw)).toBeDefined();
    expect(() => tenantCache({ ...tenancy }, raw)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }),
    );
  });

  it("leaves tables that name a schema as they are: they are the same for everybody", async () => {
    const { cache, told } = cacheIn(ACME);
    await cache.get("hash", ["shared.countries", "tenant_acme.notes"], false);
    expect(told).toEqual([
      ["tenant/a%2F1/tenant_acme/hash", ["shared.countries", "tenant_acme.notes"], false],
    ]);
  });

  it("forgets tables and tags in whatever form they are given", async () => {
    const { cache, told } = cacheIn(ACME);
    const notes = pgTable("notes", { text: text() });
    const countries = pgSchema("shared").table("countries", { text: text() });
    await cache.onMutate({ tables: notes, tags: "t" });
    await cache.onMutate({ tables: [countries, "notes"], tags: ["t"] });
    await cache.onMutate({});
    const tags = ["tenant/a%2F1/tenant_acme/t"];
    expect(told).toEqual([
      [{ tables: ["tenant_acme.notes"], tags }],
      [{ tables: ["shared.countries", "tenant_acme.notes"], tags }],
      [{}],
    ]);
  });

  it("keeps the global scope apart, and refuses to work in none", async () => {
    const { cache, told } = cacheIn(GLOBAL_SCOPE);
    await cache.get("hash", ["plans"], false);
    expect(told).toEqual([["global/public/hash", ["public.plans"], false]]);
    const { cache: outside, told: nothing } = cacheIn(undefined);
    await expect(outside.get("hash", [], false)).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(outside.put("hash", [], [], false)).rejects.toMatchObject({
      code: "TENANT_REQUIRED",
    });
    expect(nothing).toEqual([]);
  });
});
