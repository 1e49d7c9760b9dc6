import http from "node:http";
import Koa from "koa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
} from "../../../src/integrations/http/koa/index.ts";
import { lazyStream, lazyWebStream, type RunningServer } from "./support/app.ts";
import { send, until } from "./support/client.ts";
import { listen } from "./support/listen.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let app: Koa;
let server: RunningServer | undefined;

beforeEach(() => {
  world = createWorld();
  app = new Koa();
  app.silent = true;
});
afterEach(() => server?.close());

const start = async (): Promise<number> => {
  const callback = app.callback();
  server = await listen(http.createServer((request, response) => void callback(request, response)));
  return server.port;
};

describe("the Koa middleware", () => {
  it("holds while a Response's body is read, and keeps what was set after it", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.use((ctx) => {
      ctx.body = new Response(lazyWebStream(world), { headers: { "x-own": "1" }, status: 201 });
      ctx.set("x-own", "2");
      ctx.status = 202;
    });
    const port = await start();
    const answer = await send(port, "/", { host: "odd.example.com" });
    expect(answer).toMatchObject({ body: "odd;".repeat(4), status: 202 });
    expect(answer.headers["x-own"]).toBe("2");
  });

  it("keeps type and length of a stream that has them", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.use((ctx) => {
      ctx.type = "text/csv";
      ctx.body = ctx.path === "/web" ? lazyWebStream(world) : lazyStream(world);
      ctx.length = 20;
    });
    const port = await start();
    for (const path of ["/web", "/node"]) {
      const answer = await send(port, path);
      expect(answer.body).toBe("acme;".repeat(4));
      expect(answer.headers).toMatchObject({
        "content-length": "20",
        "content-type": "text/csv; charset=utf-8",
      });
    }
  });

  it("holds in the application's error event", async () => {
    app.on("error", (error: Error) => world.note(error.message));
    app.use(tenantMiddleware(world.tenancy));
    app.use(async () => {
      throw await Promise.resolve(new Error("thrown"));
    });
    const port = await start();
    expect((await send(port, "/", { host: "globex.example.com" })).status).toBe(500);
    await until(() => world.events.length > 0);
    expect(world.events).toEqual(["thrown:globex"]);
  });

  it("lets a handler of an outcome continue without a scope", async () => {
    app.use(tenantMiddleware(world.tenancy, { handlers: { unknown: (_ctx, next) => next() } }));
    app.use((ctx) => {
      ctx.body = world.scope();
    });
    const port = await start();
    expect(await send(port, "/", { host: "x.test" })).toMatchObject({ body: "none", status: 200 });
  });
});

describe("the Koa guards", () => {
  it("may have a handler of the application's own", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.use(
      requireGlobal({
        handler: (ctx, _next, refusal) => {
          ctx.throw(418, refusal.error);
        },
      }),
    );
    const port = await start();
    expect(await send(port, "/")).toMatchObject({ body: "global_required", status: 418 });
  });

  it("fail where the middleware was forgotten", async () => {
    const messages: string[] = [];
    app.on("error", (error: Error) => messages.push(error.message));
    app.use(requireTenant());
    const port = await start();
    expect((await send(port, "/")).status).toBe(500);
    expect(messages.join("")).toContain("[SCOPE_REQUIRED]");
  });
});
