import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  challengeOf,
  checkRecordName,
  createToken,
} from "../../../src/lifecycle/domain-challenge.ts";
import { parseDomain } from "../../../src/lifecycle/domains.ts";

const CONFIG = { label: "_kirayedar", methods: ["dns", "http"] } as const;

const settings = {
  resolving: { adminHosts: new Set<string>(), primaryDomain: "example.com", slugFallback: false },
};

describe("challengeOf", () => {
  it("names the same purpose in both places", () => {
    expect(challengeOf("acme.test", "ab12", { label: "_notes", methods: ["dns"] })).toEqual({
      dns: { name: "_notes.acme.test", value: "notes-verify=ab12" },
      http: {
        body: "notes-verify=ab12",
        url: "http://acme.test/.well-known/notes-59d937723564937c.txt",
      },
      methods: ["dns"],
    });
  });

  it("does not tell in the address what the file has to hold, nor the other way round", () => {
    for (let round = 0; round < 50; round += 1) {
      const token = createToken();
      expect(token).toMatch(/^[\da-f]{32}$/);
      const { http } = challengeOf("acme.test", token, CONFIG);
      expect(http.url).not.toContain(token);
      expect(token).not.toContain(/-([\da-f]{16})\.txt$/.exec(http.url)?.[1]);
    }
  });

  it("asks, for whatever is taken for a domain, at that very host, on port 80", () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
    const noise = fc.constantFrom(
      "",
      ".",
      "..",
      "/",
      "@evil.test",
      ":80",
      "#",
      "?",
      "%2e",
      "\\",
      " ",
    );
    const host = fc
      .tuple(fc.array(label, { maxLength: 4, minLength: 1 }), noise, fc.boolean())
      .map(([labels, tail, isUpper]) => {
        const name = labels.join(".") + tail;
        return isUpper ? name.toUpperCase() : name;
      });
    fc.assert(
      fc.property(fc.oneof(host, fc.string()), (text) => {
        let domain: string;
        try {
          domain = parseDomain(text, settings);
          checkRecordName(domain, "_kirayedar");
        } catch {
          return;
        }
        const { dns, http } = challengeOf(domain, "ab", CONFIG);
        const url = new URL(http.url);
        expect([url.protocol, url.host, url.username, url.search, url.hash]).toEqual([
          "http:",
          domain,
          "",
          "",
          "",
        ]);
        expect(url.pathname).toMatch(/^\/\.well-known\/kirayedar-[\da-f]{16}\.txt$/);
        expect(dns.name).toBe(`_kirayedar.${domain}`);
        expect(dns.name.length).toBeLessThanOrEqual(253);
        expect(dns.name.split(".").every(({ length }) => length > 0 && length <= 63)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
