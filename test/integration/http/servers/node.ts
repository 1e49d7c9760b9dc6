import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import {
  type ConnectHandler,
  requireGlobal,
  requireTenant,
  tenantMiddleware,
  type TenantRequest,
  withTenant,
} from "../../../../src/integrations/http/node/index.ts";
import {
  type CommonOptions,
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { listen } from "../support/listen.ts";
import type { World } from "../support/world.ts";

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** `withTenant` around a listener. */
export const makeNodeServer: MakeServer = (world, options) => {
  const { isSuspendedHandled, ...common } = options;
  const handler = routes(world, options);
  const listener = withTenant(world.tenancy, handler, {
    ...common,
    ...(isSuspendedHandled === true
      ? {
          handlers: {
            suspended: (_request, response, refusal) =>
              paymentRequired(response, refusal.resolution),
          },
        }
      : {}),
    onError: (error, _request, response) => fail(world, response, error),
    skip: (request) => request.url === "/health",
  });
  return listen(http.createServer(listener));
};

/** `tenantMiddleware` in a hand-made chain, as connect has it. */
export const makeConnectServer: MakeServer = (world, options) => {
  const { isSuspendedHandled, ...common } = options;
  const suspended: ConnectHandler<IncomingMessage, ServerResponse> = (
    _request,
    response,
    _next,
    refusal,
  ) => paymentRequired(response, refusal.resolution);
  const middleware = tenantMiddleware(world.tenancy, {
    ...common,
    ...(isSuspendedHandled === true ? { handlers: { suspended } } : {}),
    skip: (request) => request.url === "/health",
  });
  const handler = routes(world, options);
  return listen(
    http.createServer((request, response) => {
      middleware(request, response, (error) => {
        if (error === undefined) void handler(request, response);
        else fail(world, response, error);
      });
    }),
  );
};

function paymentRequired(response: ServerResponse, resolution: unknown): void {
  response.statusCode = 402;
  response.end(`pay, ${(resolution as { tenant: { slug: string } }).tenant.slug}`);
}

function fail(world: World, response: ServerResponse, error: unknown): void {
  response.statusCode = 500;
  response.end(`${(error as Error).message} in ${world.scope()}`);
}

function routes(world: World, { assignKey = "tenant" }: CommonOptions): Listener {
  const guards = { "/global-only": requireGlobal(), "/tenant-only": requireTenant() };
  return async (request, response) => {
    const path = request.url?.replace(/\?.*$/, "") ?? "";
    switch (path) {
      case "/body": {
        let body = "";
        const scopes: string[] = [];
        request.on("data", (chunk: Buffer) => {
          scopes.push(world.scope());
          body += chunk.toString();
        });
        request.on("end", () => {
          scopes.push(world.scope());
          response.end(JSON.stringify({ body, scopes: [...new Set(scopes)] }));
        });
        return;
      }
      case "/stream":
        lazyStream(world).pipe(response);
        return;
      case "/web-stream":
        Readable.fromWeb(lazyWebStream(world) as never).pipe(response);
        return;
      case "/sse":
        fromTimers(world, { end: () => response.end(), write: (text) => response.write(text) });
        return;
      case "/throw":
        try {
          await Promise.reject(new Error("thrown"));
        } catch (error) {
          fail(world, response, error);
        }
        return;
      case "/put":
        world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
        noteEnd(world, response);
        response.end("put");
        return;
      case "/finish":
        noteEnd(world, response);
        response.end("finished");
        return;
      case "/hang":
        world.note("hang");
        request.on("close", () => world.note("aborted"));
        return;
      case "/tenant-only":
      case "/global-only":
        guards[path](request, response, () => response.end("passed"));
        return;
      default: {
        const found = request as TenantRequest & Record<string, unknown>;
        const seen = await whoAmI(world, {
          resolution: found[`${assignKey}Resolution`],
          tenant: found[assignKey],
          url: request.url ?? "",
        });
        response.end(JSON.stringify(seen));
      }
    }
  };
}
