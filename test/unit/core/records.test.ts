import { describe, expect, it } from "vitest";
import { checkOrigin, rememberOrigin, tenantOf } from "../../../src/core/records.ts";
import { GLOBAL_SCOPE, scopeOf } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";

const acme = { id: "1", slug: "acme" } as Tenant;
const globex = { id: "2", slug: "globex" } as Tenant;

describe("a record", () => {
  it("is written in the tenant that it was loaded in", () => {
    const record = {};
    rememberOrigin(record, scopeOf(acme));
    expect(tenantOf(record)).toBe(acme);
    expect(() => checkOrigin(record, scopeOf({ ...acme, slug: "renamed" }), "Note")).not.toThrow();
  });

  it("is refused in another tenant, and in the global scope", () => {
    const record = {};
    rememberOrigin(record, scopeOf(acme));
    const refusal = expect.objectContaining({ code: "WRONG_TENANT", tenant: "globex" });
    expect(() => checkOrigin(record, scopeOf(globex), "Note")).toThrow(refusal);
    expect(() => checkOrigin(record, GLOBAL_SCOPE, "Note")).toThrow(/"acme".*the global scope/);
  });

  it("of the global scope is refused in a tenant", () => {
    const record = {};
    rememberOrigin(record, GLOBAL_SCOPE);
    expect(tenantOf(record)).toBeNull();
    expect(() => checkOrigin(record, scopeOf(acme), "Plan")).toThrow(/WRONG_TENANT/);
  });

  it("that was just made belongs to nobody yet", () => {
    expect(tenantOf({})).toBeUndefined();
    expect(() => checkOrigin({}, scopeOf(acme), "Note")).not.toThrow();
  });
});
