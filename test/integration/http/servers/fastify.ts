import fastify from "fastify";
import {
  requireGlobal,
  requireTenant,
  rewriteUrl,
  tenantPlugin,
} from "../../../../src/integrations/http/fastify/index.ts";
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

/** Serves the application with one version of Fastify. */
export const fastifyServer =
  (framework: typeof fastify): MakeServer =>
  async (world, options) => {
    const { assignKey = "tenant", isSuspendedHandled, ...common } = options;
    const app = framework({
      bodyLimit: 10_000_000,
      forceCloseConnections: true,
      rewriteUrl: rewriteUrl(pathResolver),
    });
    app.setErrorHandler((error: Error, _request, reply) => {
      reply.code(500).send(`${error.message} in ${world.scope()}`);
    });
    await app.register(tenantPlugin, {
      assignKey,
      ...common,
      ...(isSuspendedHandled === true
        ? {
            handlers: {
              suspended: async (request, reply) => {
                const found = request.tenantResolution;
                await Promise.resolve();
                reply.code(402);
                return `pay, ${found?.kind === "suspended" ? found.tenant.slug : ""}`;
              },
            },
          }
        : {}),
      skip: (request) => request.url === "/health",
      tenancy: world.tenancy,
    });
    app.post("/body", (request) => ({ body: request.body, scopes: [world.scope()] }));
    app.get("/stream", (_request, reply) => reply.send(lazyStream(world)));
    app.get("/web-stream", (_request, reply) => reply.send(lazyWebStream(world)));
    app.get("/sse", (_request, reply) => {
      reply.hijack();
      const { raw } = reply;
      fromTimers(world, { end: () => raw.end(), write: (text) => raw.write(text) });
    });
    app.get("/throw", async () => {
      await Promise.reject(new Error("thrown"));
    });
    app.get("/put", (_request, reply) => {
      world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
      noteEnd(world, reply.raw);
      return "put";
    });
    app.get("/finish", (_request, reply) => {
      noteEnd(world, reply.raw);
      return "finished";
    });
    app.get("/hang", (request, reply) => {
      reply.hijack();
      world.note("hang");
      request.raw.on("close", () => world.note("aborted"));
    });
    app.get("/tenant-only", { onRequest: requireTenant() }, () => "passed");
    app.get("/global-only", { preHandler: requireGlobal() }, () => "passed");
    app.get("/*", (request) => {
      const found = request as unknown as Record<string, unknown>;
      const { [assignKey]: tenant, [`${assignKey}Resolution`]: resolution } = found;
      return whoAmI(world, { resolution, tenant, url: request.url });
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
    return { ...running(app.server), close: () => app.close() };
  };

export const makeFastifyServer: MakeServer = fastifyServer(fastify);
