import http from "node:http";
import type { Server } from "node:http";
import { Readable } from "node:stream";
import { serve } from "@hono/node-server";
import { node } from "@elysiajs/node";
import { Elysia } from "elysia";
import express from "express";
import fastify from "fastify";
import { H3, serve as serveH3 } from "h3";
import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import Koa from "koa";
import * as forElysia from "../../../../src/integrations/http/elysia/index.ts";
import * as forExpress from "../../../../src/integrations/http/express/index.ts";
import * as forFastify from "../../../../src/integrations/http/fastify/index.ts";
import * as forFetch from "../../../../src/integrations/http/fetch/index.ts";
import * as forH3 from "../../../../src/integrations/http/h3/index.ts";
import * as forHono from "../../../../src/integrations/http/hono/index.ts";
import * as forKoa from "../../../../src/integrations/http/koa/index.ts";
import * as forNode from "../../../../src/integrations/http/node/index.ts";
import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { pathPrefix } from "../../../../src/resolvers/path.ts";
import type { RunningServer } from "./app.ts";
import { listen, listenElysia, running } from "./listen.ts";

/**
 * Starts an application of notes in some framework: `POST /notes` adds the body, `GET /notes` lists
 * all, `GET /export` streams them with a query for each, `GET /health` looks at all tenants.
 */
export type ServeNotes = (tenancy: Tenancy) => Promise<RunningServer>;

const add = (tenancy: Tenancy, body: string): Promise<unknown> =>
  tenancy.query("insert into note (body) values ($1)", [body]);

async function list(tenancy: Tenancy): Promise<string[]> {
  const { rows } = await tenancy.query<{ body: string }>("select body from note order by body");
  return rows.map(({ body }) => body);
}

/** Reads the next note only when it is asked for. */
async function* exported(tenancy: Tenancy): AsyncGenerator<string> {
  let last = "";
  for (;;) {
    const { rows } = await tenancy.query<{ body: string }>(
      "select body from note where body > $1 order by body limit 1",
      [last],
    );
    const [row] = rows;
    if (row === undefined) return;
    last = row.body;
    yield `${last};`;
  }
}

const exportedStream = (tenancy: Tenancy): Readable =>
  Readable.from(exported(tenancy), { highWaterMark: 1, objectMode: false });
const exportedWebStream = (tenancy: Tenancy): ReadableStream<Uint8Array> =>
  Readable.toWeb(exportedStream(tenancy)) as unknown as ReadableStream<Uint8Array>;

/** The same application in every framework. */
export const NOTE_APPS: Readonly<Record<string, ServeNotes>> = {
  express: (tenancy) => {
    const app = express();
    app.get("/health", forExpress.healthHandler(tenancy, { details: true, maxAgeMs: 0 }));
    app.use(forExpress.tenantMiddleware(tenancy), express.text());
    app.post("/notes", (req, res, next) => {
      add(tenancy, req.body as string).then(() => res.status(201).end(), next);
    });
    app.get("/notes", (_req, res, next) => {
      list(tenancy).then((notes) => res.json(notes), next);
    });
    app.get("/export", (_req, res) => {
      exportedStream(tenancy).pipe(res);
    });
    return listen(http.createServer(app));
  },

  elysia: async (tenancy) => {
    const app = new Elysia({ adapter: node() })
      .use(forElysia.tenantPlugin(tenancy, { skip: ({ url }) => url.endsWith("/health") }))
      .get("/health", forElysia.healthHandler(tenancy, { details: true, maxAgeMs: 0 }))
      .post(
        "/notes",
        async ({ body, set }) => {
          await add(tenancy, body as string);
          set.status = 201;
          return "";
        },
        { parse: "text" },
      )
      .get("/notes", () => list(tenancy))
      .get("/export", () => new Response(exportedWebStream(tenancy)));
    return listenElysia(app);
  },

  fastify: async (tenancy) => {
    const app = fastify({
      forceCloseConnections: true,
      rewriteUrl: forFastify.rewriteUrl(pathPrefix("/t")),
    });
    await app.register(forFastify.tenantPlugin, {
      skip: ({ url }) => url === "/health",
      tenancy,
    });
    app.get("/health", forFastify.healthHandler(tenancy, { details: true, maxAgeMs: 0 }));
    app.post("/notes", (request, reply) =>
      add(tenancy, request.body as string).then(() => reply.code(201).send("")),
    );
    app.get("/notes", () => list(tenancy));
    app.get("/export", (_request, reply) => reply.send(exportedStream(tenancy)));
    await app.listen({ host: "127.0.0.1", port: 0 });
    return { ...running(app.server), close: () => app.close() };
  },

  fetch: (tenancy) => {
    const health = forFetch.healthHandler(tenancy, { details: true, maxAgeMs: 0 });
    const handler = forFetch.withTenant(tenancy, async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/export") return new Response(exportedWebStream(tenancy));
      if (request.method !== "POST") return Response.json(await list(tenancy));
      await add(tenancy, await request.text());
      return new Response(null, { status: 201 });
    });
    return serveFetch((request) =>
      new URL(request.url).pathname === "/health" ? health(request) : handler(request),
    );
  },

  h3: async (tenancy) => {
    const app = new H3({ onRequest: forH3.stripTenantPath(pathPrefix("/t")) });
    app.get("/health", forH3.healthHandler(tenancy, { details: true, maxAgeMs: 0 }));
    app.use(forH3.tenantMiddleware(tenancy, { skip: ({ url }) => url.pathname === "/health" }));
    app.post("/notes", async ({ req, res }) => {
      await add(tenancy, await req.text());
      res.status = 201;
    });
    app.get("/notes", () => list(tenancy));
    app.get("/export", () => exportedStream(tenancy));
    const options = { gracefulShutdown: false, hostname: "127.0.0.1", port: 0, silent: true };
    const server = serveH3(app, options);
    await server.ready();
    return running(server.node?.server as Server);
  },

  hono: (tenancy) => {
    const app = new Hono<forHono.TenantEnv>({
      getPath: forHono.stripTenantPath(pathPrefix("/t"), getPath),
    });
    app.get("/health", forHono.healthHandler(tenancy, { details: true, maxAgeMs: 0 }));
    app.use(forHono.tenantMiddleware(tenancy));
    app.post("/notes", async (c) => {
      await add(tenancy, await c.req.text());
      return c.body(null, 201);
    });
    app.get("/notes", async (c) => c.json(await list(tenancy)));
    app.get("/export", (c) => c.body(exportedWebStream(tenancy)));
    return serveFetch(app.fetch);
  },

  koa: (tenancy) => {
    const app = new Koa();
    const health = forKoa.healthHandler(tenancy, { details: true, maxAgeMs: 0 });
    app.use((ctx, next) => (ctx.path === "/health" ? health(ctx, next) : next()));
    app.use(forKoa.tenantMiddleware(tenancy));
    app.use(async (ctx) => {
      if (ctx.path === "/export") {
        ctx.body = exportedStream(tenancy);
      } else if (ctx.method === "POST") {
        const chunks = await ctx.req.toArray();
        await add(tenancy, Buffer.concat(chunks as Buffer[]).toString());
        ctx.status = 201;
        ctx.body = "";
      } else {
        ctx.body = await list(tenancy);
      }
    });
    const callback = app.callback();
    return listen(http.createServer((request, response) => void callback(request, response)));
  },

  node: (tenancy) => {
    const health = forNode.healthHandler(tenancy, { details: true, maxAgeMs: 0 });
    const notes = forNode.withTenant(tenancy, (request, response) => {
      if (request.url === "/export") {
        exportedStream(tenancy).pipe(response);
      } else if (request.method === "POST") {
        request.on("data", (chunk: Buffer) => {
          void add(tenancy, chunk.toString()).then(() => response.writeHead(201).end());
        });
      } else {
        void list(tenancy).then((notes) => response.end(JSON.stringify(notes)));
      }
    });
    return listen(
      http.createServer((request, response) => {
        if (request.url === "/health") void health(request, response);
        else notes(request, response);
      }),
    );
  },
};

function serveFetch(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<RunningServer> {
  return new Promise((resolve) => {
    const server = serve({ fetch, hostname: "127.0.0.1", port: 0 }, () =>
      resolve(running(server)),
    ) as Server;
  });
}
