import { describe, expect, it, vi } from "vitest";
import type { Tenancy, TenantHandle } from "../../../src/core/tenancy.ts";
import { boundOrms } from "../../../src/integrations/orm/common/bound-orms.ts";

/** A tenancy of which only the looking up of tenants is there. */
function tenancyOf(
  schemas: Record<string, string>,
  version?: () => string,
): Pick<Tenancy<object>, "tenant"> {
  return {
    tenant: async (ref) => {
      const id = ref as string;
      return {
        pool: {},
        tenant: { id, schemaName: schemas[id], version: version?.() ?? null },
      } as unknown as TenantHandle<object>;
    },
  };
}

describe("an ORM bound to a tenant", () => {
  it("is made once, also for those who ask at the same time", async () => {
    const make = vi.fn<() => Promise<object>>(async () => ({}));
    const forTenant = boundOrms({ make, tenancy: tenancyOf({ acme: "tenant_acme" }) });
    const [one, two] = await Promise.all([forTenant("acme"), forTenant("acme")]);
    expect(one).toBe(two);
    expect(await forTenant("acme")).toBe(one);
    expect(make).toHaveBeenCalledOnce();
  });

  it("is another one after a rename of the schema", async () => {
    const schemas: Record<string, string> = { acme: "tenant_acme" };
    const forTenant = boundOrms({
      make: ({ tenant }) => ({ schemaName: tenant.schemaName }),
      tenancy: tenancyOf(schemas),
    });
    await forTenant("acme");
    schemas["acme"] = "tenant_apex";
    expect(await forTenant("acme")).toEqual({ schemaName: "tenant_apex" });
  });

  it("is another one after a migration", async () => {
    let version = "0001";
    const tenancy = tenancyOf({ acme: "tenant_acme" }, () => version);
    const forTenant = boundOrms({ make: ({ tenant }) => ({ made: tenant.version }), tenancy });
    await forTenant("acme");
    version = "0002";
    expect(await forTenant("acme")).toEqual({ made: "0002" });
  });

  it("is made once more, for all who ask, when somebody has ended it", async () => {
    const make = vi.fn<() => { isEnded: boolean }>(() => ({ isEnded: false }));
    const forTenant = boundOrms({
      isEnded: ({ isEnded }) => isEnded,
      make,
      tenancy: tenancyOf({ acme: "tenant_acme" }),
    });
    const ended = await forTenant("acme");
    ended.isEnded = true;
    const [one, two] = await Promise.all([forTenant("acme"), forTenant("acme")]);
    expect(one).not.toBe(ended);
    expect(two).toBe(one);
    expect(make).toHaveBeenCalledTimes(2);
  });

  it("is tried again after it could not be made", async () => {
    const make = vi
      .fn<() => Promise<object>>(async () => ({}))
      .mockRejectedValueOnce(new Error("no"));
    const forTenant = boundOrms({ make, tenancy: tenancyOf({ acme: "tenant_acme" }) });
    await expect(forTenant("acme")).rejects.toThrow("no");
    expect(await forTenant("acme")).toEqual({});
  });

  it("is forgotten for others when there are too many", async () => {
    const make = vi.fn<() => object>(() => ({}));
    const slugs = Array.from({ length: 501 }, (_, index) => `t${index}`);
    const schemas = Object.fromEntries(slugs.map((slug) => [slug, `tenant_${slug}`]));
    const forTenant = boundOrms({ make, tenancy: tenancyOf(schemas) });
    for (const slug of [...slugs, "t0"]) await forTenant(slug);
    expect(make).toHaveBeenCalledTimes(502);
  });
});
