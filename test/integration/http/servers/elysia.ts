import { Readable } from "node:stream";
import { node } from "@elysiajs/node";
import { Elysia } from "elysia";
import {
  requireGlobal,
  requireTenant,
  tenantPlugin,
} from "../../../../src/integrations/http/elysia/index.ts";
import {
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { listenElysia } from "../support/listen.ts";

/** Serves the application with one version of Elysia and of its adapter for Node. */
export function elysiaServer(peers: { Elysia: typeof Elysia; node: typeof node }): MakeServer {
  return async (world, options) => {
    const { assignKey: _, isSuspendedHandled, ...common } = options;
    const plugin = tenantPlugin(world.tenancy, {
      ...common,
      ...(isSuspendedHandled === true
        ? {
            handlers: {
              suspended: ({ set }, { resolution }) => {
                set.status = 402;
                return `pay, ${resolution?.kind === "suspended" ? resolution.tenant.slug : ""}`;
              },
            },
          }
        : {}),
      skip: (request) => request.url.endsWith("/health"),
    });
    const response = (request: Request): NodeJS.EventEmitter =>
      (request as unknown as { runtime: { node: { res: NodeJS.EventEmitter } } }).runtime.node.res;
    const app = new peers.Elysia({ adapter: peers.node() })
      .onError(
        ({ error }) =>
          new Response(`${(error as Error).message} in ${world.scope()}`, { status: 500 }),
      )
      .use(plugin)
      .post("/body", ({ body }) => ({ body, scopes: [world.scope()] }), { parse: "text" })
      .get("/stream", () => new Response(Readable.toWeb(lazyStream(world)) as never))
      .get("/web-stream", () => new Response(lazyWebStream(world), { headers: { "x-own": "1" } }))
      .get("/sse", () => {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const writer = writable.getWriter();
        fromTimers(world, {
          end: () => void writer.close(),
          write: (text) => void writer.write(new TextEncoder().encode(text)),
        });
        return new Response(readable);
      })
      .get("/throw", async () => {
        throw await Promise.resolve(new Error("thrown"));
      })
      .get("/put", ({ request }) => {
        world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
        noteEnd(world, response(request));
        return "put";
      })
      .get("/finish", ({ request }) => {
        noteEnd(world, response(request));
        return "finished";
      })
      .get("/hang", ({ request }) => {
        world.note("hang");
        request.signal.addEventListener("abort", () => world.note("aborted"));
        return new Promise<string>(() => undefined);
      })
      .get("/tenant-only", () => "passed", { beforeHandle: requireTenant() })
      .get("/global-only", () => "passed", { beforeHandle: requireGlobal() })
      .get("/*", ({ request, tenant, tenantResolution }) => {
        const { pathname, search } = new URL(request.url);
        return whoAmI(world, { resolution: tenantResolution, tenant, url: pathname + search });
      });
    return listenElysia(app);
  };
}

export const makeElysiaServer: MakeServer = elysiaServer({ Elysia, node });
