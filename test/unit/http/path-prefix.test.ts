import { describe, expect, it } from "vitest";
import type { Resolver } from "../../../src/core/resolution.ts";
import { pathPrefix } from "../../../src/resolvers/path.ts";
import { rewriteUrl, urlBeforeRewrite } from "../../../src/integrations/http/common/rewrite-url.ts";
import { stripPrefix } from "../../../src/integrations/http/common/path-prefix.ts";
import { urlWithTarget } from "../../../src/integrations/http/common/fetch-request.ts";

const failing = (identify: Resolver["identify"]): Resolver => ({ identify, name: "failing" });

describe("taking a prefix off", () => {
  it("goes by the path resolver, and leaves other paths alone", () => {
    const resolver = pathPrefix("/t");
    expect(stripPrefix(resolver, "/t/acme/notes?x=1")).toBe("/notes?x=1");
    expect(stripPrefix(resolver, "/t/acme")).toBe("/");
    expect(stripPrefix(resolver, "/other")).toBeUndefined();
  });

  it("leaves it to the tenancy to deal with a resolver that fails, or is asynchronous", () => {
    const thrown = failing(() => {
      throw new Error("thrown");
    });
    const rejected = failing(() => Promise.reject(new Error("rejected")));
    const late = failing(() => Promise.resolve({ kind: "slug", slug: "a", strippedUrl: "/" }));
    const invalid = failing(() => ({ kind: "invalid", reason: "odd" }));
    for (const resolver of [thrown, rejected, late, invalid]) {
      expect(stripPrefix(resolver, "/t/acme")).toBeUndefined();
    }
  });

  it("is remembered for Fastify's hook", () => {
    const rewrite = rewriteUrl(pathPrefix("/t"));
    const [stripped, kept, bare] = [{ url: "/t/acme/x" }, { url: "/x" }, {}];
    expect([rewrite(stripped), rewrite(kept), rewrite(bare)]).toEqual(["/x", "/x", "/"]);
    expect(urlBeforeRewrite(stripped as never)).toBe("/t/acme/x");
    expect(urlBeforeRewrite(kept as never)).toBeUndefined();
  });

  it("never changes the host of a URL", () => {
    for (const target of [
      "//other.test/x",
      "/\\other.test",
      "http://other.test/",
      "@other.test/",
    ]) {
      expect([target, urlWithTarget("http://a.test:8080/t/acme?x#y", target).host]).toEqual([
        target,
        "a.test:8080",
      ]);
    }
    expect(urlWithTarget("http://a.test/t/acme?x=1", "/notes").href).toBe("http://a.test/notes");
  });
});
