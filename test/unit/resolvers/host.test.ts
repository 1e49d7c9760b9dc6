import { describe, expect, it } from "vitest";
import type { ResolverSettings } from "../../../src/core/resolution.ts";
import { host } from "../../../src/resolvers/host.ts";

const settings: ResolverSettings = {
  adminHosts: new Set(["admin.example.com", "console.test"]),
  primaryDomain: "example.com",
  slugFallback: false,
};

const identify = (raw: string | readonly string[] | undefined, changes = {}): unknown =>
  host().identify({ host: raw }, { ...settings, ...changes });

const slug = (domain: string, fallbackSlug?: string): unknown => ({
  domain,
  fallbackSlug,
  kind: "domain",
});

describe("host", () => {
  it.each(["admin.example.com", "admin.example.com:4000", "ADMIN.Example.com.", "console.test"])(
    "takes the admin host %s for the global scope",
    (raw) => expect(identify(raw)).toEqual({ kind: "global" }),
  );

  it.each(["acme.example.com", "acme.example.com:4000", "acme.example.com.", "ACME.EXAMPLE.COM"])(
    "takes the label of %s for a slug, unless it is somebody's domain",
    (raw) => expect(identify(raw)).toEqual(slug("acme.example.com", "acme")),
  );

  it("takes a nested name for nothing but a domain", () => {
    expect(identify("api.acme.example.com")).toEqual(slug("api.acme.example.com"));
    const fallback = { slugFallback: true };
    expect(identify("api.acme.example.com", fallback)).toEqual(slug("api.acme.example.com"));
  });

  it("does not take a name for a subdomain that only ends alike", () => {
    expect(identify("evilexample.com")).toEqual(slug("evilexample.com"));
    expect(identify("example.com.evil.test")).toEqual(slug("example.com.evil.test"));
  });

  it.each(["example.com", "localhost", "localhost:4000", "127.0.0.1", "[::1]:80", "127.1"])(
    "has no opinion of %s, with or without fallback",
    (raw) => {
      expect(identify(raw)).toBeUndefined();
      expect(identify(raw, { slugFallback: true })).toBeUndefined();
    },
  );

  it("tries the first label of a foreign host only if told to", () => {
    expect(identify("custom-domain.com")).toEqual(slug("custom-domain.com"));
    expect(identify("custom-domain.com", { slugFallback: true })).toEqual(
      slug("custom-domain.com", "custom-domain"),
    );
  });

  it("finds slugs below localhost when that is the primary domain", () => {
    const local = { primaryDomain: "localhost" };
    expect(identify("acme.localhost:3000", local)).toEqual(slug("acme.localhost", "acme"));
    expect(identify("localhost:3000", local)).toBeUndefined();
  });

  it("finds slugs below a domain that points to this machine", () => {
    const development = { primaryDomain: "lvh.me" };
    expect(identify("acme.lvh.me:3000", development)).toEqual(slug("acme.lvh.me", "acme"));
  });

  it.each([[undefined], [""], [[]], [["a.test", "b.test"]], [["a.test", "a.test"]], ["a b"]])(
    "takes %j for malformed",
    (raw) => expect(identify(raw)).toMatchObject({ kind: "invalid" }),
  );

  it("takes a list of one for that one", () => {
    expect(identify(["acme.example.com"])).toEqual(slug("acme.example.com", "acme"));
  });
});
