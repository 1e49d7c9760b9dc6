import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Identification, ResolveRequest, Resolver } from "../../../src/core/resolution.ts";
import { cookie } from "../../../src/resolvers/cookie.ts";
import { header } from "../../../src/resolvers/header.ts";
import { pathPrefix } from "../../../src/resolvers/path.ts";
import { query } from "../../../src/resolvers/query.ts";
import { value } from "../../../src/resolvers/value.ts";

const identify = (
  resolver: Resolver,
  request: ResolveRequest,
): Identification | Promise<Identification> =>
  resolver.identify(request, {
    adminHosts: new Set(),
    primaryDomain: undefined,
    slugFallback: false,
  });

const slug = (name: string): Identification => ({ kind: "slug", slug: name });

describe("header", () => {
  const resolver = header("X-Tenant");

  it.each<[ResolveRequest["headers"], Identification]>([
    [{ "x-tenant": "acme" }, slug("acme")],
    [{ "x-tenant": ["acme"] }, slug("acme")],
    [{ "x-tenant": " acme\t" }, slug("acme")],
    [{ "x-tenant": ["acme", "acme"] }, slug("acme")],
    [{ "x-tenant": "acme, acme" }, slug("acme")],
    [{ "x-tenant": "Acme%20" }, slug("Acme%20")],
    [{ "x-tenant": "" }, undefined],
    [{ "x-tenant": undefined }, undefined],
    [{}, undefined],
    [undefined, undefined],
    [(name) => (name === "x-tenant" ? "acme" : null), slug("acme")],
    [() => null, undefined],
  ])("reads %j", (headers, expected) => {
    expect(identify(resolver, { headers })).toEqual(expected);
  });

  it.each([
    { "x-tenant": ["acme", "globex"] },
    { "x-tenant": "acme, globex" },
    { "x-tenant": "acme\u0000" },
    { "x-tenant": "acme\r\nx: y" },
  ])("takes %j for malformed, and does not repeat it", (headers) => {
    const said = identify(resolver, { headers });
    expect(said).toMatchObject({ kind: "invalid" });
    expect(JSON.stringify(said)).not.toContain("acme");
  });

  it("does not find what every object has", () => {
    expect(identify(header("constructor"), { headers: {} })).toBeUndefined();
  });
});

describe("cookie", () => {
  const resolver = cookie("tenant");

  it.each<[string | string[], Identification]>([
    ["tenant=acme", slug("acme")],
    ["a=b; tenant=acme; c=d", slug("acme")],
    ['a=b;tenant="acme"', slug("acme")],
    ["tenant=acme; tenant=acme", slug("acme")],
    [["a=b", "tenant=acme"], slug("acme")],
    ["tenant=a=b", slug("a=b")],
    ["xtenant=acme; tenantx=acme; TENANT=acme; tenant", undefined],
    ["=tenant; tenant=", undefined],
    ["", undefined],
  ])("reads %j", (value, expected) => {
    expect(identify(resolver, { headers: { cookie: value } })).toEqual(expected);
  });

  it("takes two different values for malformed", () => {
    const headers = { cookie: "tenant=acme; tenant=globex" };
    expect(identify(resolver, { headers })).toMatchObject({ kind: "invalid" });
  });
});

describe("query", () => {
  const resolver = query("tenant");

  it.each<[string | undefined, Identification]>([
    ["/notes?tenant=acme", slug("acme")],
    // A parser of URLs sees a fragment there, and no parameter; Node passes such a target on.
    ["/notes#?tenant=acme", undefined],
    ["/notes?a=1#&tenant=acme", undefined],
    ["/notes?tenant=acme#?tenant=globex", slug("acme")],
    ["/notes?a=b&tenant=acme&c", slug("acme")],
    ["/?tenant=acme&tenant=acme", slug("acme")],
    ["/?tenant=a+b", slug("a b")],
    ["/?tenant=", undefined],
    ["/?tenant[]=acme", undefined],
    ["/?xtenant=acme", undefined],
    ["/tenant=acme", undefined],
    [undefined, undefined],
  ])("reads %j", (url, expected) => {
    expect(identify(resolver, { url })).toEqual(expected);
  });

  it.each(["/?tenant=acme&tenant=globex", "/?tenant=acme&%74enant=globex", "/?tenant=a%00"])(
    "takes %j for malformed",
    (url) => expect(identify(resolver, { url })).toMatchObject({ kind: "invalid" }),
  );
});

describe("pathPrefix", () => {
  it.each<[string, string, string | undefined, string?]>([
    ["/t", "/t/acme/notes", "acme", "/notes"],
    ["/t", "/t/acme/notes?page=2&q=/t/x", "acme", "/notes?page=2&q=/t/x"],
    ["/t", "/t/acme", "acme", "/"],
    ["/t", "/t/acme/", "acme", "/"],
    ["/t", "/t/acme?page=2", "acme", "/?page=2"],
    ["t", "/t/acme/notes", "acme", "/notes"],
    ["/t/", "/t/acme/notes", "acme", "/notes"],
    ["/api/v1", "/api/v1/acme/notes", "acme", "/notes"],
    ["", "/acme/notes", "acme", "/notes"],
    ["/", "/acme", "acme", "/"],
    ["/t", "/t/%61cme/notes", "%61cme", "/notes"],
    ["/t", "/t/../notes", "..", "/notes"],
    ["/t", "/t/acme//evil.test/x", "acme", "/evil.test/x"],
    ["/t", "/t/acme/\\evil.test/x", "acme", "/evil.test/x"],
    ["/t", "/t/acme/\\/\\evil.test/x", "acme", "/evil.test/x"],
    ["/t", "/t/acme?//x", "acme", "/?//x"],
    ["/t", "/t", undefined],
    ["/t", "/t/", undefined],
    ["/t", "/t//notes", undefined],
    ["/t", "/tacme/notes", undefined],
    ["/t", "/T/acme", undefined],
    ["", "/", undefined],
    ["", "//acme", undefined],
    ["", "*", undefined],
    ["/t", "http://example.com/t/acme", undefined],
  ])("%j reads %j", (prefix, url, name, strippedUrl) => {
    expect(identify(pathPrefix(prefix), { url })).toEqual(
      name === undefined ? undefined : { kind: "slug", slug: name, strippedUrl },
    );
  });

  it.each([
    "/t/acme/../globex/notes",
    "/t/acme/..",
    "/t/acme/./notes",
    "/t/acme/x/../../globex?page=2",
    "/t/acme/%2e%2E/globex",
    "/t/acme/.%2e\\globex",
    "/t/acme\\..\\globex",
    "/t/acme/..%2fglobex",
    "/t/acme%2F..%2Fglobex",
  ])("takes %j for malformed: others may read it without its dots", (url) =>
    expect(identify(pathPrefix("/t"), { url })).toMatchObject({ kind: "invalid" }),
  );

  it.each(["/t/acme/.well-known/x", "/t/acme/a..b/...", "/t/acme/x?from=../y", "/t/acme/x#/../y"])(
    "takes %j as it is",
    (url) => expect(identify(pathPrefix("/t"), { url })).toMatchObject({ slug: "acme" }),
  );

  it("never hands on a URL that leads to another host", () => {
    const rest = fc.string({ unit: fc.constantFrom(..."/\\?#.@:ab".split("")) });
    fc.assert(
      fc.property(rest, (text) => {
        const said = identify(pathPrefix("/t"), { url: `/t/acme/${text}` });
        const { kind, strippedUrl } = said as { kind: string; strippedUrl: string };
        if (kind === "invalid") return;
        expect(strippedUrl.startsWith("/")).toBe(true);
        expect(new URL(strippedUrl, "http://own.test").host).toBe("own.test");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("value", () => {
  it.each<[unknown, Identification]>([
    ["acme", slug("acme")],
    [{ id: "7" }, { id: "7", kind: "id" }],
    [null, undefined],
    [undefined, undefined],
    ["", undefined],
  ])("takes %j from the function", async (named, expected) => {
    expect(
      identify(
        value(() => named as string),
        {},
      ),
    ).toEqual(expected);
    expect(
      await identify(
        value(() => Promise.resolve(named as string)),
        {},
      ),
    ).toEqual(expected);
  });

  it.each([7, ["acme"], { id: 7 }, { id: "" }, {}, true])(
    "takes %j from the function for malformed",
    (named) => {
      const said = identify(
        value(() => named as never, "session"),
        {},
      );
      expect(said).toMatchObject({ kind: "invalid" });
    },
  );

  it("hands the framework's request on", () => {
    const resolver = value(({ raw }) => (raw as { user: string }).user);
    expect(identify(resolver, { raw: { user: "acme" } })).toEqual(slug("acme"));
  });
});

describe("every resolver", () => {
  it.each<[string, () => Resolver]>([
    ["header", () => header("")],
    ["header", () => header("x tenant")],
    ["cookie", () => cookie("a=b")],
    ["query", () => query("")],
    ["pathPrefix", () => pathPrefix("/t?x")],
    ["pathPrefix", () => pathPrefix("/a//b")],
    ["value", () => value(undefined as never)],
  ])("refuses to be made wrongly: %s", (_name, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
  });
});
