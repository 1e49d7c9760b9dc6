import type { Server } from "node:http";
import { H3, onError, serve } from "h3";
import {
  requireGlobal,
  requireTenant,
  stripTenantPath,
  tenantMiddleware,
} from "../../../../src/integrations/http/h3/index.ts";
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

/** Serves the application with one version of h3. */
export function h3Server(h3: {
  H3: typeof H3;
  onError: typeof onError;
  serve: typeof serve;
}): MakeServer {
  return async (world, options) => {
    const { assignKey = "tenant", isSuspendedHandled, ...common } = options;
    const inText = (error: Error): Response =>
      new Response(`${error.message} in ${world.scope()}`, { status: 500 });
    const app = new h3.H3({
      onError: inText,
      onRequest: stripTenantPath(pathResolver),
      silent: true,
    });
    app.use(
      tenantMiddleware(world.tenancy, {
        assignKey,
        ...common,
        ...(isSuspendedHandled === true
          ? {
              handlers: {
                suspended: ({ context, res }) => {
                  const found = context.tenantResolution;
                  res.status = 402;
                  return `pay, ${found?.kind === "suspended" ? found.tenant.slug : ""}`;
                },
              },
            }
          : {}),
        skip: (event) => event.url.pathname === "/health",
      }),
    );
    app.use(h3.onError(inText));
    app.post("/body", async (event) => {
      const before = world.scope();
      const body = await event.req.text();
      return { body, scopes: [...new Set([before, world.scope()])] };
    });
    app.get("/stream", () => lazyStream(world));
    app.get("/web-stream", () => new Response(lazyWebStream(world), { headers: { "x-own": "1" } }));
    app.get("/sse", () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      fromTimers(world, {
        end: () => void writer.close(),
        write: (text) => void writer.write(new TextEncoder().encode(text)),
      });
      return readable;
    });
    app.get("/throw", async () => {
      await Promise.reject(new Error("thrown"));
    });
    const response = (event: { runtime?: unknown }): NodeJS.EventEmitter =>
      (event.runtime as { node: { res: NodeJS.EventEmitter } }).node.res;
    app.get("/put", (event) => {
      world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
      noteEnd(world, response(event));
      return "put";
    });
    app.get("/finish", (event) => {
      noteEnd(world, response(event));
      return "finished";
    });
    app.get("/hang", (event) => {
      world.note("hang");
      event.req.signal.addEventListener("abort", () => world.note("aborted"));
      return new Promise<string>(() => undefined);
    });
    app.get("/tenant-only", () => "passed", { middleware: [requireTenant()] });
    app.get("/global-only", () => "passed", { middleware: [requireGlobal()] });
    app.get("/**", (event) => {
      const found = event.context as Record<string, unknown>;
      const { [assignKey]: tenant, [`${assignKey}Resolution`]: resolution } = found;
      const url = event.url.pathname + event.url.search;
      return whoAmI(world, { resolution, tenant, url });
    });
    const server = h3.serve(app, {
      gracefulShutdown: false,
      hostname: "127.0.0.1",
      port: 0,
      silent: true,
    });
    await server.ready();
    return running(server.node?.server as Server);
  };
}

export const makeH3Server: MakeServer = h3Server({ H3, onError, serve });
