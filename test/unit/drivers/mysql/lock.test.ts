import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lockName } from "../../../../src/drivers/mysql/lock.ts";

describe("lockName", () => {
  it("is at most 64 characters, of one case, for whatever text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (schema, name) => {
        expect(lockName(schema, name)).toMatch(/^kirayedar_[0-9a-f]{48}$/);
      }),
    );
  });

  it("differs for every database of the server", () => {
    expect(lockName("app", "tenant:acme")).not.toBe(lockName("app2", "tenant:acme"));
    expect(lockName("app", "acme")).not.toBe(lockName("appa", "cme"));
    expect(lockName("app", "acme")).toBe(lockName("app", "acme"));
  });
});
