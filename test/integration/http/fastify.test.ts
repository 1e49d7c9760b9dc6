import net from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  requireGlobal,
  requireTenant,
  tenantPlugin,
} from "../../../src/integrations/http/fastify/index.ts";
import { send, until } from "./support/client.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let app: FastifyInstance;
const lines: Record<string, unknown>[] = [];

beforeEach(() => {
  world = createWorld();
  lines.splice(0);
  app = fastify({
    forceCloseConnections: true,
    logger: { stream: { write: (line) => void lines.push(JSON.parse(line)) } },
  });
});
afterEach(() => app.close());

const start = async (): Promise<number> => {
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as net.AddressInfo).port;
};

describe("the Fastify plugin", () => {
  it("holds in every hook, in content parsers and after the response", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.addHook("preParsing", async (_request, _reply, payload) => {
      world.note("preParsing");
      return payload;
    });
    app.addHook("preValidation", (_request, _reply, done) => {
      world.note("preValidation");
      done();
    });
    app.addHook("preHandler", async () => world.note("preHandler"));
    app.addHook("preSerialization", async (_request, _reply, payload) => {
      world.note("preSerialization");
      return payload;
    });
    app.addHook("onSend", async () => world.note("onSend"));
    app.addHook("onResponse", async () => world.note("onResponse"));
    app.addContentTypeParser("application/x-own", (_request, payload, done) => {
      let text = "";
      payload.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      payload.on("end", () => {
        world.note("parser");
        done(null, text);
      });
    });
    app.post("/", (request) => {
      world.note("handler");
      return { body: request.body };
    });
    const port = await start();
    const answer = await send(port, "/", {
      body: "own",
      headers: { "content-type": "application/x-own" },
      host: "odd.example.com",
      method: "POST",
    });
    expect(answer.body).toBe('{"body":"own"}');
    await until(() => world.events.length === 8);
    expect(world.events).toEqual(
      [
        "preParsing",
        "parser",
        "preValidation",
        "preHandler",
        "handler",
        "preSerialization",
        "onSend",
        "onResponse",
      ].map((hook) => `${hook}:odd`),
    );
  });

  it("holds in onError, in onRequestAbort and where a route is missing", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.addHook("onError", async () => world.note("onError"));
    app.addHook("onRequestAbort", (_request, done) => {
      world.note("onRequestAbort");
      done();
    });
    app.setNotFoundHandler((_request, reply) => reply.code(404).send(world.scope()));
    app.get("/throw", async () => {
      throw await Promise.resolve(new Error("thrown"));
    });
    app.get("/hang", () => {
      world.note("hang");
      return new Promise(() => undefined);
    });
    const port = await start();
    await send(port, "/throw", { host: "globex.example.com" });
    expect((await send(port, "/missing", { host: "odd.example.com" })).body).toBe("odd");
    const socket = net.connect(port, "127.0.0.1");
    socket.write("GET /hang HTTP/1.1\r\nHost: acme.example.com\r\n\r\n");
    await until(() => world.events.includes("hang:acme"));
    socket.destroy();
    await until(() => world.events.length === 3);
    expect(world.events).toEqual(["onError:globex", "hang:acme", "onRequestAbort:acme"]);
  });

  it("applies to the instance that registers it, and to no other", async () => {
    await app.register(async (inside) => {
      await inside.register(tenantPlugin, { tenancy: world.tenancy });
      inside.get("/inside", () => world.scope());
    });
    app.get("/outside", () => world.scope());
    const port = await start();
    expect((await send(port, "/inside")).body).toBe("acme");
    expect((await send(port, "/outside")).body).toBe("none");
  });

  it("adds tenant and host to the lines of the request's log, the last one too", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.get("/", (request) => {
      request.log.info("mine");
      return "";
    });
    const port = await start();
    await send(port, "/", { host: "globex.example.com" });
    await until(() => lines.some(({ msg }) => msg === "request completed"));
    const bound = lines.filter(({ tenant }) => tenant === "globex");
    expect(bound.map(({ host, msg }) => [host, msg])).toEqual([
      ["globex.example.com", "mine"],
      ["globex.example.com", "request completed"],
    ]);
  });

  it("works with inject", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.get("/", (request) => [request.tenant?.slug, world.scope()]);
    const answer = await app.inject({ headers: { host: "odd.example.com" }, url: "/" });
    expect(answer.json()).toEqual(["odd", "odd"]);
  });

  it("leaves a path prefix to the routes unless the URL is rewritten", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.get("/t/:slug/notes", (request) => [request.url, world.scope()]);
    const answer = await app.inject({ headers: { host: "example.com" }, url: "/t/globex/notes" });
    expect(answer.json()).toEqual(["/t/globex/notes", "globex"]);
  });

  it("gives what a handler of an outcome throws or rejects with to the error handler", async () => {
    await app.register(tenantPlugin, {
      handlers: {
        conflict: () => {
          throw new Error("thrown");
        },
        suspended: async () => Promise.reject(new Error("rejected")),
        unknown: (_request, _reply, refusal) => ({ custom: refusal.kind }),
      },
      tenancy: world.tenancy,
    });
    app.setErrorHandler((error: Error, _request, reply) =>
      reply.code(500).send(`${error.message} in ${world.scope()}`),
    );
    const at = async (host: string): Promise<string> =>
      (await app.inject({ headers: { host }, url: "/" })).body;
    expect(await at("conflict.example.com")).toBe("thrown in none");
    expect(await at("suspended.example.com")).toBe("rejected in none");
    expect(await at("x.test")).toBe('{"custom":"unknown"}');
  });

  it("is refused without a tenancy, and beside another decorator of the name", async () => {
    await expect(async () => app.register(tenantPlugin, {} as never)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
    });
    const other = fastify();
    other.decorateRequest("tenant", null as never);
    await expect(async () =>
      other.register(tenantPlugin, { tenancy: world.tenancy }),
    ).rejects.toMatchObject({ code: "FST_ERR_DEC_ALREADY_PRESENT" });
  });
});

describe("the Fastify guards", () => {
  it("may have a handler of the application's own", async () => {
    await app.register(tenantPlugin, { tenancy: world.tenancy });
    app.get(
      "/",
      { onRequest: requireGlobal({ handler: (_request, reply) => reply.code(418).send("own") }) },
      () => "",
    );
    const answer = await app.inject({ headers: { host: "acme.example.com" }, url: "/" });
    expect([answer.statusCode, answer.body]).toEqual([418, "own"]);
  });

  it("fail where the plugin was forgotten", async () => {
    app.get("/", { preHandler: requireTenant() }, () => "");
    const answer = await app.inject("/");
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toContain("[SCOPE_REQUIRED]");
  });
});
