import { describe, expect, it } from "vitest";
import {
  type NodeRequestLike,
  readNodeRequest,
} from "../../../src/integrations/http/common/node-request.ts";

const read = (
  rawHeaders: string[],
  more: Partial<NodeRequestLike> & { trusted?: boolean } = {},
) => {
  const { trusted = false, ...rest } = more;
  const request: NodeRequestLike = { headers: {}, rawHeaders, url: "/", ...rest };
  return readNodeRequest(request, { raw: "raw", trusts: () => trusted });
};

describe("reading a Node request", () => {
  it("passes host, path and headers on", () => {
    const headers = { host: "a.test", "x-tenant": "acme" };
    expect(read(["Host", "a.test"], { headers, url: "/x?y=1" })).toEqual({
      headers,
      host: "a.test",
      raw: "raw",
      url: "/x?y=1",
    });
  });

  it("gives a list of no host, or of several", () => {
    expect(read([]).host).toEqual([]);
    expect(read(["Host", "a.test", "hOST", "b.test"]).host).toEqual(["a.test", "b.test"]);
    expect(read(["Host", "a.test", "Host", "a.test"]).host).toEqual(["a.test", "a.test"]);
  });

  it("takes :authority, and lets Host repeat it but not contradict it", () => {
    expect(read([":authority", "a.test"]).host).toBe("a.test");
    expect(read([":authority", "A.test", "host", "a.test"]).host).toBe("a.test");
    expect(read([":authority", "b.test", "host", "a.test"]).host).toEqual(["a.test", "b.test"]);
  });

  it("takes the path of an absolute target, whose host may not contradict the header", () => {
    const url = "http://a.test:80/x?y";
    expect(read(["Host", "a.test:80"], { url })).toMatchObject({ host: "a.test:80", url: "/x?y" });
    expect(read(["Host", "b.test"], { url }).host).toEqual(["b.test", "a.test:80"]);
    expect(read([], { url: "http://a.test" })).toMatchObject({ host: "a.test", url: "/" });
    expect(read([], { url: "http://a.test?y" }).url).toBe("/?y");
    const rewritten = { originalUrl: "http://b.test/api/x", url: "/x" };
    expect(read(["Host", "a.test"], rewritten)).toMatchObject({
      host: ["a.test", "b.test"],
      url: "/x",
    });
  });

  it("hears the forwarded host from a trusted peer alone", () => {
    const raw = ["Host", "a.test", "X-Forwarded-Host", "b.test"];
    expect(read(raw).host).toBe("a.test");
    expect(read(raw, { trusted: true }).host).toBe("b.test");
    expect(read(["Host", "a.test"], { trusted: true }).host).toBe("a.test");
  });

  it("gives a list of several forwarded hosts, and an empty one as it is", () => {
    const several = ["Host", "a.test", "X-Forwarded-Host", "b.test, c.test"];
    expect(read(several, { trusted: true }).host).toEqual(["b.test", "c.test"]);
    const repeated = ["X-Forwarded-Host", "b.test", "x-forwarded-host", "b.test"];
    expect(read(repeated, { trusted: true }).host).toEqual(["b.test", "b.test"]);
    expect(read(["X-Forwarded-Host", ""], { trusted: true }).host).toBe("");
  });

  it("stays malformed with two hosts, whatever a trusted peer forwards", () => {
    const raw = ["Host", "a.test", "Host", "b.test", "X-Forwarded-Host", "c.test"];
    expect(read(raw, { trusted: true }).host).toEqual(["a.test", "b.test"]);
  });
});
