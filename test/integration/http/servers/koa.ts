import http from "node:http";
import Koa from "koa";
import {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
  type TenantKoaState,
} from "../../../../src/integrations/http/koa/index.ts";
import {
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { listen } from "../support/listen.ts";

/** Serves the application with one version of Koa. */
export const koaServer =
  (Framework: typeof Koa): MakeServer =>
  (world, options) => {
    const { assignKey = "tenant", isSuspendedHandled, ...common } = options;
    const app = new Framework<TenantKoaState>();
    // As an application would: the error handling of its own answers.
    const onerror = function answer(this: Koa.Context, error: Error | null | undefined): void {
      if (error === null || error === undefined || this.res.headersSent) return;
      this.res.statusCode = 500;
      this.res.end(`${error.message} in ${world.scope()}`);
    };
    Object.assign(app.context, { onerror });
    app.use(
      tenantMiddleware(world.tenancy, {
        assignKey,
        ...common,
        ...(isSuspendedHandled === true
          ? {
              handlers: {
                suspended: (ctx) => {
                  const found = (ctx.state as TenantKoaState).tenantResolution;
                  ctx.status = 402;
                  ctx.body = `pay, ${found?.kind === "suspended" ? found.tenant.slug : ""}`;
                },
              },
            }
          : {}),
        skip: (ctx) => ctx.path === "/health",
      }),
    );
    const guards = { "/global-only": requireGlobal(), "/tenant-only": requireTenant() };
    app.use(async (ctx, next) => {
      switch (ctx.path) {
        case "/body": {
          let body = "";
          const scopes = new Set<string>();
          for await (const chunk of ctx.req) {
            scopes.add(world.scope());
            body += (chunk as Buffer).toString();
          }
          ctx.body = { body, scopes: [...scopes] };
          return;
        }
        case "/stream":
          ctx.body = lazyStream(world);
          return;
        case "/web-stream":
          ctx.body = lazyWebStream(world);
          return;
        case "/web-response":
          ctx.body = new Response(lazyWebStream(world), { status: 201 });
          ctx.set("x-after", "kept");
          return;
        case "/sse":
          ctx.respond = false;
          fromTimers(world, { end: () => ctx.res.end(), write: (text) => ctx.res.write(text) });
          return;
        case "/throw":
          await Promise.reject(new Error("thrown"));
          return;
        case "/put":
          world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
          noteEnd(world, ctx.res);
          ctx.body = "put";
          return;
        case "/finish":
          noteEnd(world, ctx.res);
          ctx.body = "finished";
          return;
        case "/hang":
          ctx.respond = false;
          world.note("hang");
          ctx.req.on("close", () => world.note("aborted"));
          return;
        case "/tenant-only":
        case "/global-only":
          await guards[ctx.path](ctx, async () => {
            ctx.body = "passed";
            await Promise.resolve();
          });
          return;
        default:
          await next();
      }
    });
    app.use(async (ctx) => {
      const found = ctx.state as Record<string, unknown>;
      const { [assignKey]: tenant, [`${assignKey}Resolution`]: resolution } = found;
      ctx.body = await whoAmI(world, { resolution, tenant, url: ctx.url });
    });
    const callback = app.callback();
    return listen(http.createServer((request, response) => void callback(request, response)));
  };

export const makeKoaServer: MakeServer = koaServer(Koa);
