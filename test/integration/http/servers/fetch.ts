import type { Server } from "node:http";
import { Readable } from "node:stream";
import { type HttpBindings, serve } from "@hono/node-server";
import { withTenant } from "../../../../src/integrations/http/fetch/index.ts";
import { fromTimers, lazyStream, lazyWebStream, type MakeServer, whoAmI } from "../support/app.ts";
import { running } from "../support/listen.ts";

export const makeFetchServer: MakeServer = (world, options) => {
  const { assignKey: _, isSuspendedHandled, ...common } = options;
  const handler = withTenant<[HttpBindings]>(
    world.tenancy,
    async (request, { resolution, tenant }) => {
      const { pathname, search } = new URL(request.url);
      switch (pathname) {
        case "/body": {
          const before = world.scope();
          const body = await request.text();
          return Response.json({ body, scopes: [...new Set([before, world.scope()])] });
        }
        case "/stream":
          return new Response(Readable.toWeb(lazyStream(world)) as never);
        case "/web-stream":
          return new Response(lazyWebStream(world));
        case "/sse": {
          const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
          const writer = writable.getWriter();
          fromTimers(world, {
            end: () => void writer.close(),
            write: (text) => void writer.write(new TextEncoder().encode(text)),
          });
          return new Response(readable);
        }
        case "/throw":
          throw new Error(`thrown in ${world.scope()}`);
        default: {
          const url = pathname + search;
          return Response.json(await whoAmI(world, { resolution, tenant, url }));
        }
      }
    },
    {
      ...common,
      ...(isSuspendedHandled === true
        ? {
            handlers: {
              suspended: (_request, { resolution }) =>
                new Response(
                  `pay, ${resolution?.kind === "suspended" ? resolution.tenant.slug : ""}`,
                  {
                    status: 402,
                  },
                ),
            },
          }
        : {}),
      remoteAddress: (_request, { incoming }) => incoming.socket.remoteAddress,
      skip: (request) => request.url.endsWith("/health"),
    },
  );
  // What a runtime does with a handler that rejects.
  const serveRequest = async (request: Request, env: HttpBindings): Promise<Response> => {
    try {
      return await handler(request, env);
    } catch (error) {
      return new Response((error as Error).message, { status: 500 });
    }
  };
  return new Promise((resolve) => {
    const server = serve(
      {
        fetch: (request, env) => serveRequest(request, env as HttpBindings),
        hostname: "127.0.0.1",
        port: 0,
      },
      () => resolve(running(server)),
    ) as Server;
  });
};
