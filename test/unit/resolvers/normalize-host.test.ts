import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeHost } from "../../../src/resolvers/normalize-host.ts";

describe("normalizeHost", () => {
  it.each([
    ["acme.example.com", "acme.example.com"],
    ["ACME.Example.COM", "acme.example.com"],
    ["acme.example.com:4000", "acme.example.com"],
    ["acme.example.com:", "acme.example.com"],
    ["acme.example.com.", "acme.example.com"],
    ["acme.example.com.:80", "acme.example.com"],
    ["acme_corp.example.com", "acme_corp.example.com"],
    ["localhost:3000", "localhost"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.Example", "xn--bcher-kva.example"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
    ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
    ["ab--c.example", "ab--c.example"],
    ["1.example", "1.example"],
    ["1a", "1a"],
    [`${"a".repeat(63)}.test`, `${"a".repeat(63)}.test`],
  ])("makes %j to %j", (raw, host) => {
    expect(normalizeHost(raw)).toEqual({ host, kind: "name" });
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1:8080",
    "127.0.0.1.",
    "127.1",
    "0x7f000001",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "0",
    "[::1]",
    "[::1]:3000",
    "[2001:DB8::1]",
    "[::ffff:127.0.0.1]",
    "::1",
    "2001:db8::1",
  ])("takes %j for an address", (raw) => {
    expect(normalizeHost(raw)).toEqual({ kind: "address" });
  });

  it.each([
    ["nothing", ""],
    ["a dot", "."],
    ["a port alone", ":80"],
    ["two dots at the end", "acme.example.com.."],
    ["an empty label", "a..b"],
    ["a dot in front", ".example.com"],
    ["a space", "acme example.com"],
    ["a space in front", " acme.example.com"],
    ["a tab", "acme\t.example.com"],
    ["a line break", "acme.example.com\r\nx: y"],
    ["a NUL", "acme.example.com\0"],
    ["a DEL", "acme\u007f.example.com"],
    ["user information", "acme@example.com"],
    ["a password", "user:pass@example.com"],
    ["a slash", "example.com/acme"],
    ["a backslash", "example.com\\acme"],
    ["a query", "example.com?acme"],
    ["a fragment", "example.com#acme"],
    ["a scheme", "http://example.com"],
    ["a percent escape", "%61cme.example.com"],
    ["an escaped dot", "acme%2eexample.com"],
    ["a comma", "acme.example.com,globex.example.com"],
    ["a star", "*.example.com"],
    ["a quote", "acme'.example.com"],
    ["a port that is no number", "acme.example.com:http"],
    ["a port that is too large", "acme.example.com:65536"],
    ["a negative port", "acme.example.com:-1"],
    ["two ports", "acme.example.com:80:80"],
    ["a circled letter", "ⓐcme.example.com"],
    ["a full-width letter", "ａcme.example.com"],
    ["the sign for Kelvin", "\u212Aelvin.example.com"],
    ["a long s", "\u017Flug.example.com"],
    ["a ligature", "ﬁrm.example.com"],
    ["a decomposed letter", "bu\u0308cher.example"],
    ["an ideographic full stop", "acme。example.com"],
    ["a full-width full stop", "acme．example.com"],
    ["a zero-width space", "acme\u200b.example.com"],
    ["a zero-width joiner", "ac\u200dme.example.com"],
    ["a zero-width joiner among letters beyond ASCII", "bü\u200dcher.example"],
    ["a soft hyphen", "ac\u00adme.example.com"],
    ["a byte order mark", "\ufeffacme.example.com"],
    ["a variation selector", "acme\ufe0f.example.com"],
    ["a variation selector behind a letter beyond ASCII", "ü\ufe0f.example.com"],
    ["a no-break space", "acme\u00a0.example.com"],
    ["half of a pair", "acme\ud800.example.com"],
    ["malformed punycode", "xn--a.example"],
    ["empty punycode", "xn--.example"],
    ["punycode of plain ASCII", "xn--acme-.example"],
    ["a number too large for an address", "999999999999"],
    ["an address of five parts", "1.2.3.4.5"],
    ["an address out of range", "256.1.1.1"],
    ["a name that ends in a number", "acme.example.1"],
    ["a name that ends in a hexadecimal number", "acme.0x1f"],
    ["an unclosed bracket", "[::1"],
    ["brackets around a name", "[acme]"],
    ["something behind a bracket", "[::1]acme"],
    ["a zone", "[fe80::1%25eth0]"],
    ["a label of 64 bytes", `${"a".repeat(64)}.test`],
    ["254 bytes", `${"a.".repeat(126)}aa`],
    ["a megabyte", "a".repeat(1_000_000)],
  ])("refuses %s", (_name, raw) => {
    expect(normalizeHost(raw)).toMatchObject({ kind: "invalid" });
  });

  it("allows 253 bytes, and a dot and a port behind them", () => {
    const host = `${"a.".repeat(126)}a`;
    expect(normalizeHost(`${host}.:65535`)).toEqual({ host, kind: "name" });
  });

  it("never repeats a bad host in its reason", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (text) => {
        const normalized = normalizeHost(`s3cret ${text}`);
        expect(normalized.kind === "invalid" && normalized.reason).not.toContain("s3cret");
      }),
    );
  });

  const anything = fc.oneof(
    fc.string({ maxLength: 300, unit: "binary" }),
    fc.string({
      maxLength: 40,
      unit: fc.constantFrom(..."aZ09-_.:[]x%@/ üⓐ。\u200b\u0000".split("")),
    }),
    fc.domain(),
    fc.ipV4Extended(),
    fc.ipV6(),
  );

  it("returns names that are normal, and stay as they are", () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const normalized = normalizeHost(raw);
        if (normalized.kind !== "name") return;
        expect(normalized.host).toMatch(/^[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*$/);
        expect(normalized.host.length).toBeLessThanOrEqual(253);
        expect(normalizeHost(normalized.host)).toEqual(normalized);
      }),
      { numRuns: 3000 },
    );
  });

  it("says the same of a host in any case, with a dot and with a port", () => {
    const host = fc.string({ maxLength: 40, unit: fc.constantFrom(..."az09-_.x".split("")) });
    fc.assert(
      fc.property(host, (raw) => {
        const normalized = normalizeHost(raw);
        expect(normalizeHost(raw.toUpperCase())).toEqual(normalized);
        expect(normalizeHost(`${raw}:80`).kind).toBe(normalized.kind);
        fc.pre(normalized.kind === "name" && !raw.endsWith("."));
        expect(normalizeHost(`${raw}.`)).toEqual(normalized);
      }),
      { numRuns: 3000 },
    );
  });

  it("takes for a name only what a browser takes for one, and reads it the same", () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const normalized = normalizeHost(raw);
        if (normalized.kind !== "name") return;
        expect(new URL(`http://${raw}/`).hostname.replace(/\.$/, "")).toBe(normalized.host);
      }),
      { numRuns: 3000 },
    );
  });
});
