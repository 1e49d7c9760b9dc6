import type { Server } from "node:http";
import { type HttpBindings, serve } from "@hono/node-server";
import { Hono } from "hono";
import { getPath } from "hono/utils/url";
import {
  requireGlobal,
  requireTenant,
  stripTenantPath,
  type TenantEnv,
  tenantMiddleware,
} from "../../../../src/integrations/http/hono/index.ts";
import {
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { running } from "../support/listen.ts";
import { pathResolver } from "../support/world.ts";
import { Readable } from "node:stream";

/** Serves the application with one version of Hono and of its server for Node. */
export const honoServer =
  (peers: { Hono: typeof Hono; getPath: typeof getPath; serve: typeof serve }): MakeServer =>
  (world, options) => {
    const { assignKey = "tenant", isSuspendedHandled, ...common } = options;
    const app = new peers.Hono<TenantEnv & { Bindings: HttpBindings }>({
      getPath: stripTenantPath(pathResolver, peers.getPath),
    });
    app.onError((error, c) => c.text(`${error.message} in ${world.scope()}`, 500));
    app.use(
      tenantMiddleware(world.tenancy, {
        assignKey,
        ...common,
        ...(isSuspendedHandled === true
          ? {
              handlers: {
                suspended: (c) => {
                  const found = (c.get as (key: string) => unknown)("tenantResolution");
                  return c.text(`pay, ${(found as { tenant: { slug: string } }).tenant.slug}`, 402);
                },
              },
            }
          : {}),
        skip: (c) => c.req.path === "/health",
      }),
    );
    app.post("/body", async (c) => {
      const before = world.scope();
      const body = await c.req.text();
      return c.json({ body, scopes: [...new Set([before, world.scope()])] });
    });
    app.get("/stream", (c) => c.body(Readable.toWeb(lazyStream(world)) as never));
    app.get("/web-stream", () => new Response(lazyWebStream(world), { headers: { "x-own": "1" } }));
    app.get("/sse", () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      fromTimers(world, {
        end: () => void writer.close(),
        write: (text) => void writer.write(new TextEncoder().encode(text)),
      });
      return new Response(readable);
    });
    app.get("/throw", async () => {
      throw await Promise.resolve(new Error("thrown"));
    });
    app.get("/put", (c) => {
      world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
      noteEnd(world, c.env.outgoing);
      return c.text("put");
    });
    app.get("/finish", (c) => {
      noteEnd(world, c.env.outgoing);
      return c.text("finished");
    });
    app.get("/hang", (c) => {
      world.note("hang");
      c.req.raw.signal.addEventListener("abort", () => world.note("aborted"));
      return new Promise<Response>(() => undefined);
    });
    app.get("/tenant-only", requireTenant(), (c) => c.text("passed"));
    app.get("/global-only", requireGlobal(), (c) => c.text("passed"));
    app.get("/*", async (c) => {
      const get = c.get as (key: string) => unknown;
      const { pathname, search } = new URL(c.req.url);
      const [resolution, tenant] = [get(`${assignKey}Resolution`), get(assignKey)];
      return c.json(await whoAmI(world, { resolution, tenant, url: pathname + search }));
    });
    return new Promise((resolve) => {
      const server = peers.serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, () =>
        resolve(running(server)),
      ) as Server;
    });
  };

export const makeHonoServer: MakeServer = honoServer({ Hono, getPath, serve });
