import type { Server } from "node:http";
import { type HttpBindings, serve } from "@hono/node-server";
import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { streamText } from "hono/streaming";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  requireGlobal,
  requireTenant,
  type TenantEnv,
  tenantMiddleware,
} from "../../../src/integrations/http/hono/index.ts";
import { lazyWebStream, type RunningServer } from "./support/app.ts";
import { send, sendRaw, until } from "./support/client.ts";
import { running } from "./support/listen.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let app: Hono<TenantEnv>;

beforeEach(() => {
  world = createWorld();
  app = new Hono<TenantEnv>();
});

const host = (slug: string): { headers: Record<string, string> } => ({
  headers: { host: `${slug}.example.com` },
});

describe("the Hono middleware without a Node server", () => {
  it("takes the host from the header, else from the URL", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.get("/", (c) => c.text(`${c.get("tenant")?.slug} ${c.var.tenantResolution?.kind}`));
    expect(await (await app.request("/", host("odd"))).text()).toBe("odd tenant");
    expect(await (await app.request("http://globex.example.com/")).text()).toBe("globex tenant");
  });

  it("trusts a forwarded host by the address that the application tells", async () => {
    app.use(
      tenantMiddleware(world.tenancy, {
        remoteAddress: (c) => c.req.header("x-test-address"),
        trustProxy: ["10.0.0.0/8"],
      }),
    );
    app.get("/", (c) => c.text(world.scope()));
    const from = async (address: string): Promise<string> => {
      const { headers } = host("acme");
      const more = { "x-forwarded-host": "globex.example.com", "x-test-address": address };
      return (await app.request("/", { headers: { ...headers, ...more } })).text();
    };
    expect([await from("10.1.2.3"), await from("11.1.2.3")]).toEqual(["globex", "acme"]);
  });

  it("keeps status, headers and cookies of a response whose body it binds", async () => {
    app.use(async (c, next) => {
      await next();
      c.header("x-outer", "1");
    });
    app.use(tenantMiddleware(world.tenancy, { responseHeader: "x-tenant" }));
    app.get("/", (c) => {
      setCookie(c, "a", "1");
      setCookie(c, "b", "2");
      return c.body(lazyWebStream(world), 202, { "content-type": "text/csv" });
    });
    const answer = await app.request("/", host("odd"));
    expect(answer.status).toBe(202);
    expect(answer.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    expect(answer.headers.get("content-type")).toBe("text/csv");
    expect([answer.headers.get("x-tenant"), answer.headers.get("x-outer")]).toEqual(["odd", "1"]);
    expect(await answer.text()).toBe("odd;".repeat(4));
  });

  it("holds in Hono's own streams, and answers HEAD", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.get("/", (c) =>
      streamText(c, async (stream) => {
        await stream.sleep(1);
        await stream.write(world.scope());
      }),
    );
    expect(await (await app.request("/", host("odd"))).text()).toBe("odd");
    const head = await app.request("/", { ...host("odd"), method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it("takes a prefix off a request whose body was read before", async () => {
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
    app.use(tenantMiddleware(world.tenancy));
    app.post("/t/:slug/notes", async (c) => {
      const { pathname } = new URL(c.req.url);
      return c.json([pathname, c.req.param("slug"), await c.req.text(), c.req.header("x-own")]);
    });
    const answer = await app.request("http://example.com/t/globex/notes", {
      body: "read",
      headers: { "x-own": "1" },
      method: "POST",
    });
    expect(await answer.json()).toEqual(["/notes", "globex", "read", "1"]);
  });
});

describe("the Hono middleware on a Node server", () => {
  let server: RunningServer;
  afterEach(() => server.close());

  const start = async (): Promise<void> => {
    server = await new Promise((resolve) => {
      const started = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, () =>
        resolve(running(started)),
      ) as Server;
    });
  };

  it("leaves no scope to a request without one that was pipelined behind it", async () => {
    app.get("/plain", (c) => {
      (c.env as HttpBindings).outgoing.on("finish", () => world.note("finish"));
      return c.text("");
    });
    app.use(tenantMiddleware(world.tenancy));
    app.get("/", (c) => c.text(""));
    await start();
    await sendRaw(
      server.port,
      "GET / HTTP/1.1\r\nHost: odd.example.com\r\n\r\n" +
        "GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    await until(() => world.events.length === 1);
    expect(world.events).toEqual(["finish:none"]);
  });

  it("names the tenant of the path that the routes see, not of the one that was sent", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.get("/t/:slug/notes", (c) => c.text(`${c.req.param("slug")} ${c.get("tenant")?.slug}`));
    await start();
    const paths = [
      "/t/globex/../odd/notes",
      "/t/globex/%2e%2E/odd/notes",
      "/t/odd/notes?/t/globex",
    ];
    for (const path of [...paths, "http://example.com/t/globex/../odd/notes"]) {
      expect((await send(server.port, path, { host: "example.com" })).body).toBe("odd odd");
    }
  });
});

describe("the Hono guards", () => {
  it("may have a handler of the application's own", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.get("/", requireGlobal({ handler: (c, _next, refusal) => c.text(refusal.error, 418) }));
    const answer = await app.request("/", host("acme"));
    expect([answer.status, await answer.text()]).toEqual([418, "global_required"]);
  });

  it("fail where the middleware was forgotten", async () => {
    app.onError((error, c) => c.text(error.message, 500));
    app.get("/", requireTenant(), (c) => c.text(""));
    const answer = await app.request("/", host("acme"));
    expect(await answer.text()).toContain("[SCOPE_REQUIRED]");
  });
});
