import http from "node:http";
import { node } from "@elysiajs/node";
import { serve } from "@hono/node-server";
import { Elysia } from "elysia";
import express from "express";
import fastify from "fastify";
import { H3, serve as serveH3 } from "h3";
import { Hono } from "hono";
import Koa from "koa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import type { AskOptions } from "../../../src/integrations/http/common/ask.ts";
import { askHandler as forElysia } from "../../../src/integrations/http/elysia/index.ts";
import { askHandler as forExpress } from "../../../src/integrations/http/express/index.ts";
import { askHandler as forFastify } from "../../../src/integrations/http/fastify/index.ts";
import { askHandler as forFetch } from "../../../src/integrations/http/fetch/index.ts";
import { askHandler as forH3 } from "../../../src/integrations/http/h3/index.ts";
import { askHandler as forHono } from "../../../src/integrations/http/hono/index.ts";
import { askHandler as forKoa } from "../../../src/integrations/http/koa/index.ts";
import { askHandler as forNode } from "../../../src/integrations/http/node/index.ts";
import { POSTGRES } from "../../support/engines.ts";
import { createDomainWorld, type DomainWorld } from "../lifecycle/domain-world.ts";
import type { RunningServer } from "./support/app.ts";
import { listen, listenElysia, running } from "./support/listen.ts";

type Serve = (tenancy: Tenancy, options?: AskOptions) => Promise<RunningServer>;

const serveFetch = (fetch: (request: Request) => Response | Promise<Response>) =>
  new Promise<RunningServer>((resolve) => {
    const server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, () =>
      resolve(running(server)),
    ) as http.Server;
  });

/** The handler at `/ask`, in every framework that has one. */
const SERVERS: Readonly<Record<string, Serve>> = {
  elysia: async (tenancy, options) =>
    listenElysia(new Elysia({ adapter: node() }).get("/ask", forElysia(tenancy, options))),
  express: (tenancy, options) =>
    listen(http.createServer(express().get("/ask", forExpress(tenancy, options)))),
  fastify: async (tenancy, options) => {
    const app = fastify({ forceCloseConnections: true });
    app.get("/ask", forFastify(tenancy, options));
    await app.listen({ host: "127.0.0.1", port: 0 });
    return { ...running(app.server), close: () => app.close() };
  },
  fetch: (tenancy, options) => serveFetch(forFetch(tenancy, options)),
  h3: async (tenancy, options) => {
    const app = new H3().get("/ask", forH3(tenancy, options));
    const server = serveH3(app, {
      gracefulShutdown: false,
      hostname: "127.0.0.1",
      port: 0,
      silent: true,
    });
    await server.ready();
    return running(server.node?.server as http.Server);
  },
  hono: (tenancy, options) => serveFetch(new Hono().get("/ask", forHono(tenancy, options)).fetch),
  koa: (tenancy, options) => {
    const callback = new Koa().use(forKoa(tenancy, options)).callback();
    return listen(http.createServer((request, response) => void callback(request, response)));
  },
  node: (tenancy, options) => {
    const ask = forNode(tenancy, options);
    return listen(http.createServer((request, response) => void ask(request, response)));
  },
};

let world: DomainWorld;
const opened: RunningServer[] = [];

beforeAll(async () => {
  world = await createDomainWorld(POSTGRES);
  const { tenancy } = world;
  await tenancy.create("acme", { domains: ["trusted.test"] });
  await tenancy.create("gone", { domains: ["gone.test"] });
  await tenancy.create("idle", { domains: ["idle.test"] });
  await tenancy.suspend("idle");
  world.publish(await tenancy.claimDomain("acme", "verified.test"));
  await tenancy.verifyDomain("acme", "verified.test");
  await tenancy.claimDomain("acme", "pending.test");
  await world.run("update tenants set state = 'dropping' where slug = 'gone'");
});

afterAll(async () => {
  await Promise.all(opened.map((server) => server.close()));
  await world.close();
});

/** Asks as Caddy does: a GET whose answer counts by its status alone. */
async function ask(port: number, query: string, method = "GET"): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/ask${query}`, {
    headers: { "user-agent": "CertMagic" },
    method,
    redirect: "manual",
  });
  await response.text();
  return response.status;
}

describe.each(Object.keys(SERVERS))("the ask handler for %s", (name) => {
  it("answers yes for domains that are served, and for nothing else", async () => {
    const server = await SERVERS[name]?.(world.tenancy, { hosts: ["Admin.Example.com"] });
    if (server === undefined) throw new Error("There is no such server.");
    opened.push(server);
    const answers = await Promise.all(
      [
        "?domain=trusted.test",
        "?domain=Verified.TEST.",
        "?domain=idle.test",
        "?domain=admin.example.com",
        "?domain=pending.test",
        "?domain=gone.test",
        "?domain=unknown.test",
        "?domain=acme.example.com",
        "?domain=example.com",
        "?domain=127.0.0.1",
        "?domain=verified.test:443",
        "?domain=verified.test%00",
        "?domain=..",
        "",
        "?domain=",
        "?domain=trusted.test&domain=pending.test",
      ].map((query) => ask(server.port, query)),
    );
    expect(answers.map(String).join(" ")).toBe(
      "200 200 200 200 404 404 404 404 404 404 404 404 404 400 400 400",
    );
  });
});

describe("the ask handler", () => {
  it("answers for slugs below the primary domain if it is told to", async () => {
    const server = await SERVERS["node"]?.(world.tenancy, { subdomains: true });
    if (server === undefined) throw new Error("There is no such server.");
    opened.push(server);
    const asked = ["acme.example.com", "www.example.com", "gone.example.com", "a.acme.example.com"];
    const answers = asked.map((domain) => ask(server.port, `?domain=${domain}`));
    expect(await Promise.all(answers)).toEqual([200, 404, 404, 404]);
    expect(await ask(server.port, "?domain=trusted.test", "POST")).toBe(405);
  });

  it("asks the registry once for a name, however often a proxy asks", async () => {
    const asked: string[] = [];
    const tenancy = world.another({
      domains: world.domains,
      wrap: (driver) =>
        new Proxy(driver, {
          get: (target, name) => {
            if (name === "query") asked.push("query");
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? (value.bind(target) as unknown) : value;
          },
        }),
    });
    asked.length = 0;
    const flood = Array.from({ length: 500 }, (_, index) => `host-${index % 50}.test`);
    const answers = await Promise.all(flood.map((host) => tenancy.isServedDomain(host)));
    expect(answers.some(Boolean)).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it("answers that nobody knows while the registry cannot be read", async () => {
    const tenancy = world.another({ driver: { url: "postgres://nobody@127.0.0.1:1/none" } });
    const server = await SERVERS["node"]?.(tenancy);
    if (server === undefined) throw new Error("There is no such server.");
    opened.push(server);
    expect(await ask(server.port, "?domain=trusted.test")).toBe(503);
  });

  it.each([{ hosts: "a.test" }, { hosts: ["a b"] }, { hosts: [1] }, { subdomains: "yes" }])(
    "refuses the options %j",
    (options) => {
      const make = () => forNode(world.tenancy, options as unknown as AskOptions);
      expect(make).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
    },
  );
});
