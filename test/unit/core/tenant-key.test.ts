import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../src/core/scope.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { keyOf, keyPrefixOf } from "../../../src/core/tenant-key.ts";

const tenant = (id: string, slug = "acme"): Tenant => ({ id, slug }) as Tenant;
const scope = (id: string): Scope => scopeOf(tenant(id));

/** What is likely to be mistaken for something else, and any text, also of halves of pairs. */
const part = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 6, unit: fc.constantFrom(":", "%", "3", "A", "a", "é", "*", "\ud800") }),
  fc.constantFrom(
    "",
    "a",
    "b",
    "a:b",
    "%3A",
    "tenant",
    "global",
    "é",
    "e\u0301",
    "\ud800",
    "\udc00",
  ),
);
const anyScope = fc.oneof(fc.constant(GLOBAL_SCOPE), part.map(scope));
const named = fc.tuple(anyScope, fc.array(part, { maxLength: 4, minLength: 1 }));

const identity = ([scope, parts]: readonly [Scope, readonly string[]]): string =>
  JSON.stringify([scope.kind === "tenant" ? scope.tenant.id : 0, parts]);

describe("a key", () => {
  it("names the tenant by its id, and then the parts", () => {
    expect(keyOf(scope("7f"), ["sessions", 42])).toBe("tenant:7f:sessions:42");
    expect(keyOf(GLOBAL_SCOPE, ["plans", 9n])).toBe("global:plans:9");
  });

  it("is another one for other parts, and for another tenant", () => {
    fc.assert(
      fc.property(named, named, (one, other) => {
        fc.pre(JSON.stringify(one).length < 200 && JSON.stringify(other).length < 200);
        expect(keyOf(...one) === keyOf(...other)).toBe(identity(one) === identity(other));
      }),
      { numRuns: 3000 },
    );
  });

  it("begins with the prefix of its own tenant, and of no other", () => {
    fc.assert(
      fc.property(named, part, ([scope, parts], id) => {
        fc.pre(JSON.stringify([scope, parts]).length < 200);
        const isOwn = scope.kind === "tenant" && scope.tenant.id === id;
        expect(keyOf(scope, parts).startsWith(keyPrefixOf({ id }))).toBe(isOwn);
        expect(keyOf(scope, parts).startsWith(keyPrefixOf(null))).toBe(scope.kind === "global");
      }),
    );
  });

  it("holds nothing that a glob, a line or a cluster's slot has a meaning for", () => {
    fc.assert(
      fc.property(named, ([scope, parts]) => {
        fc.pre(JSON.stringify([scope, parts]).length < 200);
        expect(keyOf(scope, parts)).toMatch(/^[\w.@:%-]+$/);
      }),
    );
  });

  it("stays when the tenant is renamed, and is not that of the next tenant of the slug", () => {
    const before = keyOf(scopeOf(tenant("1", "acme")), ["x"]);
    expect(keyOf(scopeOf(tenant("1", "renamed")), ["x"])).toBe(before);
    expect(keyOf(scopeOf(tenant("2", "acme")), ["x"])).not.toBe(before);
  });

  it.each([[undefined], [null], [Number.NaN], [1.5], [{}], [true]])("has no part %s", (part) => {
    const refusal = expect.objectContaining({ code: "INVALID_KEY" });
    expect(() => keyOf(GLOBAL_SCOPE, ["user", part as string])).toThrow(refusal);
  });

  it("has parts, and no more than 1,024 characters", () => {
    const refusal = expect.objectContaining({ code: "INVALID_KEY" });
    expect(() => keyOf(GLOBAL_SCOPE, [])).toThrow(refusal);
    expect(keyOf(GLOBAL_SCOPE, ["a".repeat(1017)])).toHaveLength(1024);
    expect(() => keyOf(GLOBAL_SCOPE, ["a".repeat(1018)])).toThrow(refusal);
  });
});
