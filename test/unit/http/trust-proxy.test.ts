import { describe, expect, it } from "vitest";
import { compileTrustProxy } from "../../../src/integrations/http/common/trust-proxy.ts";

describe("trustProxy", () => {
  it("trusts all or nobody as a boolean, whatever the address", () => {
    for (const address of ["10.0.0.1", "::1", undefined]) {
      expect(compileTrustProxy(true)(address)).toBe(true);
      expect(compileTrustProxy(false)(address)).toBe(false);
    }
  });

  it.each([
    [["10.0.0.1"], "10.0.0.1", true],
    [["10.0.0.1"], "10.0.0.2", false],
    [["10.0.0.1"], "::ffff:10.0.0.1", true],
    [["::ffff:10.0.0.1"], "10.0.0.1", true],
    [["10.0.0.0/8"], "10.255.255.255", true],
    [["10.0.0.0/8"], "11.0.0.0", false],
    [["10.0.0.0/8"], "::ffff:10.1.2.3", true],
    [["10.0.0.0/8"], "::FFFF:10.1.2.3", true],
    [["0.0.0.0/0"], "192.0.2.1", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["::1"], "0:0:0:0:0:0:0:1", true],
    [["2001:db8::/32"], "2001:db8:ffff::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["fe80::/10"], "fe80::1%eth0", true],
    [[], "10.0.0.1", false],
    [["10.0.0.1", "::1"], "::1", true],
    [["10.0.0.1"], "", false],
    [["10.0.0.1"], "not an address", false],
  ])("with %j the peer %s is trusted: %s", (list, address, trusted) => {
    expect(compileTrustProxy(list)(address)).toBe(trusted);
  });

  it("trusts no peer without an address by a list", () => {
    expect(compileTrustProxy(["0.0.0.0/0", "::/0"])(undefined)).toBe(false);
  });

  it("asks a function, and takes nothing but true for true", () => {
    const asked: unknown[] = [];
    const trusts = compileTrustProxy((address) => {
      asked.push(address);
      return address === "10.0.0.1";
    });
    expect([trusts("10.0.0.1"), trusts(undefined)]).toEqual([true, false]);
    expect(asked).toEqual(["10.0.0.1", undefined]);
    expect(compileTrustProxy((async () => false) as never)("10.0.0.1")).toBe(false);
    expect(compileTrustProxy((() => 1) as never)("10.0.0.1")).toBe(false);
  });

  it.each([
    ["10.0.0"],
    ["10.0.0.0/33"],
    ["::/129"],
    ["10.0.0.0/"],
    ["10.0.0.0/8/8"],
    ["10.0.0.0/-1"],
    ["10.0.0.0/8.0"],
    ["fe80::1%eth0"],
    ["loopback"],
    [""],
    [7],
  ])("refuses the entry %j", (entry) => {
    expect(() => compileTrustProxy([entry as string])).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }),
    );
  });

  it("refuses what is neither a boolean, a list nor a function", () => {
    expect(() => compileTrustProxy("10.0.0.1" as never)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }),
    );
  });
});
