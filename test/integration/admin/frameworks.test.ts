import "reflect-metadata";
import http, { type Server } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node } from "@elysiajs/node";
import { serve as serveHono } from "@hono/node-server";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { Elysia } from "elysia";
import express from "express";
import fastify from "fastify";
import { H3, serve as serveH3 } from "h3";
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Admin,
  createAdmin,
  toFastifyPlugin,
  toKoaMiddleware,
  toNodeListener,
} from "../../../src/admin/index.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";
import type { RunningServer } from "../http/support/app.ts";
import { type Answer, send } from "../http/support/client.ts";
import { listen, listenElysia, running } from "../http/support/listen.ts";

type Mount = (admin: Admin) => Promise<RunningServer>;

// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest calls a module
class EmptyModule {}
Module({})(EmptyModule);

const started = (server: Server): Promise<RunningServer> =>
  server.listening
    ? Promise.resolve(running(server))
    : new Promise((resolve) => server.once("listening", () => resolve(running(server))));

const MOUNTS: Readonly<Record<string, Mount>> = {
  Elysia: (admin) =>
    listenElysia(
      new Elysia({ adapter: node() }).all("/admin/*", ({ request }) => admin(request), {
        parse: "none",
      }),
    ),
  "Express, behind a parser and a router": (admin) => {
    const app = express();
    app.use(express.json());
    const router = express.Router();
    router.use("/admin", toNodeListener(admin));
    app.use("/internal", router);
    return listen(http.createServer(app));
  },
  "Express, before everything": (admin) => {
    const app = express();
    app.use(toNodeListener(admin));
    app.get("/other", (_request, response) => void response.send("other"));
    return listen(http.createServer(app));
  },
  Fastify: async (admin) => {
    const app = fastify({ forceCloseConnections: true });
    await app.register(toFastifyPlugin(admin));
    app.post("/own", (request) => request.body);
    await app.listen({ host: "127.0.0.1", port: 0 });
    return { ...running(app.server), close: () => app.close() };
  },
  h3: async (admin) => {
    const app = new H3({ silent: true }).all("/admin/**", (event) => admin(event.req));
    const server = serveH3(app, { hostname: "127.0.0.1", port: 0, silent: true });
    await server.ready();
    return started(server.node?.server as Server);
  },
  Hono: async (admin) => {
    const app = new Hono().all("/admin/*", (context) => admin(context.req.raw));
    return started(serveHono({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server);
  },
  Koa: (admin) => {
    const app = new Koa();
    app.use(toKoaMiddleware(admin));
    app.use((context) => {
      context.body = "other";
    });
    const serve = app.callback();
    return listen(http.createServer((request, response) => void serve(request, response)));
  },
  "Nest on Express": async (admin) => {
    const app = await NestFactory.create(EmptyModule, new ExpressAdapter(), { logger: false });
    app.use("/admin", toNodeListener(admin));
    await app.listen(0, "127.0.0.1");
    return { ...running(app.getHttpServer() as Server), close: () => app.close() };
  },
  "Nest on Fastify": async (admin) => {
    const adapter = new FastifyAdapter({ forceCloseConnections: true });
    const app = await NestFactory.create(EmptyModule, adapter, { logger: false });
    app.use("/admin", toNodeListener(admin));
    await app.listen(0, "127.0.0.1");
    return { ...running(app.getHttpServer() as Server), close: () => app.close() };
  },
  "node:http": (admin) => listen(http.createServer(toNodeListener(admin))),
};

describe("the console is mounted", () => {
  let database: TestDatabase;
  let tenancy: Tenancy;
  let pages: string;
  let looks = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    const real = createTenancy({
      database: pg({ connectionString: database.url }),
      migrations: { global: [], tenant: [] },
    });
    tenancy = {
      ...real,
      audit: (options) => {
        looks += 1;
        return real.audit(options);
      },
    };
    await tenancy.migrateGlobal();
    await tenancy.create("acme");
    pages = mkdtempSync(join(tmpdir(), "kirayedar-mount-"));
    writeFileSync(join(pages, "index.html"), "<html><head></head><body>console</body></html>");
  });
  afterAll(async () => {
    rmSync(pages, { recursive: true });
    await tenancy.close();
    await database.drop();
  });

  it.each(Object.entries(MOUNTS))("in %s", async (name, mount) => {
    const basePath = name.includes("router") ? "/internal/admin" : "/admin";
    const seen: unknown[] = [];
    const admin = createAdmin({
      authorize: (request, raw) => {
        seen.push(raw);
        return request.headers.get("authorization") === "Bearer ci"
          ? { may: "operate", person: "ci" }
          : null;
      },
      basePath,
      pages,
      tenancy,
    });
    const server = await mount(admin);
    const headers = { authorization: "Bearer ci" };
    const get = (path: string): Promise<Answer> =>
      send(server.port, basePath + path, { headers, host: "console.test" });
    try {
      const page = await get("/tenants/acme?x=1");
      expect([page.status, page.body]).toEqual([
        200,
        expect.stringContaining(`href="${basePath}/"`),
      ]);
      // Some frameworks take the slash at the end away: sent back, a browser would go round for ever.
      const root = await admin(new Request(`http://console.test${basePath}`, { headers }));
      expect([root.status, await root.text()]).toEqual([200, page.body]);
      expect((await get("/api/session/")).status).toBe(200);
      expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
      expect((await get("/api/tenants/acme")).status).toBe(200);
      expect((await send(server.port, `${basePath}/api/session`)).status).toBe(401);

      const changed = await send(server.port, `${basePath}/api/tenants/acme`, {
        body: JSON.stringify({ name: `Named in ${name} – ü` }),
        headers: { ...headers, "content-type": "application/json" },
        host: "console.test",
        method: "PATCH",
      });
      expect([changed.status, JSON.parse(changed.body)]).toEqual([
        200,
        expect.objectContaining({ name: `Named in ${name} – ü` }),
      ]);
      const large = await send(server.port, `${basePath}/api/tenants`, {
        body: JSON.stringify({ slug: "x".repeat(80_000) }),
        headers: { ...headers, "content-type": "application/json" },
        host: "console.test",
        method: "POST",
      });
      expect(large.status).toBe(413);
      // Frameworks that speak Fetch themselves have no other request.
      const speaksFetch = ["Elysia", "h3", "Hono"].includes(name);
      expect(seen[0] === undefined).toBe(speaksFetch);
      await followEvents(server.port, basePath);
    } finally {
      admin.close();
      await server.close();
    }
  });

  /** Events arrive at once, and when the client goes nobody looks for changes any more. */
  async function followEvents(port: number, basePath: string): Promise<void> {
    let text = "";
    const request = http.get({
      agent: false,
      headers: { authorization: "Bearer ci", host: "console.test" },
      host: "127.0.0.1",
      path: `${basePath}/api/events`,
      port,
    });
    request.on("error", () => undefined);
    request.on("response", (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", () => undefined);
    });
    await expect.poll(() => text).toContain("retry:");
    // The first look tells to read all anew, as nobody knows since when it is as it is.
    await expect.poll(() => text).toContain('"what":"tenants"');
    const before = text.length;
    await tenancy.update("acme", { name: "Acme" });
    await expect.poll(() => text.slice(before)).toContain('"what":"tenants"');
    request.destroy();
    await expect
      .poll(async () => {
        looks = 0;
        await tenancy.update("acme", { name: "Acme again" });
        await new Promise((resolve) => setTimeout(resolve, 180));
        return looks;
      })
      .toBe(0);
  }
});
