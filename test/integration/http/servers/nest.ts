import "reflect-metadata";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type * as Common from "@nestjs/common";
import type * as Core from "@nestjs/core";
import type * as NestIntegration from "../../../../src/integrations/http/nest/index.ts";
import {
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { running } from "../support/listen.ts";
import { pathResolver, type World } from "../support/world.ts";

/** One version of Nest, the integration over it, and what makes the adapter of a platform. */
export interface NestPeers {
  readonly common: typeof Common;
  readonly core: typeof Core;
  readonly integration: typeof NestIntegration;
  makeAdapter(
    rewriteUrl: (request: { url?: string | undefined }) => string,
  ): Core.AbstractHttpAdapter;
}

type Raw<T> = T & { raw?: T };
type Request = Raw<IncomingMessage> & Record<string, unknown>;
type Response = Raw<ServerResponse> & { hijack?: () => void };

/** Nest's decorators are functions: this project's TypeScript has no syntax for them. */
function route(
  target: { prototype: object },
  name: string,
  decorators: MethodDecorator[],
  parameters: ParameterDecorator[] = [],
): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name) ?? {};
  for (const decorate of decorators) decorate(target.prototype, name, descriptor);
  for (const [index, decorate] of parameters.entries()) decorate(target.prototype, name, index);
}

function makeController({ common, integration }: NestPeers, world: World, assignKey: string) {
  const { Body, Controller, Get, Header, HttpCode, Post, Req, Res, StreamableFile, UseGuards } =
    common;
  const { CurrentTenant, GlobalRoute, TenantGuard } = integration;
  class NotesController {
    body(body: string) {
      return { body, scopes: [world.scope()] };
    }
    stream() {
      return new StreamableFile(lazyStream(world));
    }
    webStream() {
      return new StreamableFile(Readable.fromWeb(lazyWebStream(world) as never));
    }
    sse(response: Response) {
      response.hijack?.();
      const raw = response.raw ?? response;
      fromTimers(world, { end: () => raw.end(), write: (text) => raw.write(text) });
    }
    async throw() {
      await Promise.reject(new Error("thrown"));
    }
    put(response: Response) {
      world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
      noteEnd(world, response.raw ?? response);
      return "put";
    }
    finish(response: Response) {
      noteEnd(world, response.raw ?? response);
      return "finished";
    }
    hang(request: Request) {
      world.note("hang");
      (request.raw ?? request).on("close", () => world.note("aborted"));
      return new Promise(() => undefined);
    }
    guarded() {
      return "passed";
    }
    globalOnly() {
      return "passed";
    }
    whoami(request: Request, tenant: unknown) {
      const raw = (request.raw ?? request) as Request;
      const resolution = raw[`${assignKey}Resolution`];
      const seen = { resolution, tenant: raw[assignKey], url: raw.url ?? "" };
      if (tenant !== seen.tenant) throw new Error("The decorator and the request disagree.");
      return whoAmI(world, seen);
    }
  }
  Controller()(NotesController);
  route(NotesController, "body", [Post("body"), HttpCode(200)], [Body()]);
  route(NotesController, "stream", [Get("stream")]);
  route(NotesController, "webStream", [Get("web-stream"), Header("x-own", "1")]);
  route(NotesController, "sse", [Get("sse")], [Res()]);
  route(NotesController, "throw", [Get("throw")]);
  route(NotesController, "put", [Get("put")], [Res({ passthrough: true })]);
  route(NotesController, "finish", [Get("finish")], [Res({ passthrough: true })]);
  route(NotesController, "hang", [Get("hang")], [Req()]);
  route(NotesController, "guarded", [Get("tenant-only"), UseGuards(TenantGuard)]);
  route(NotesController, "globalOnly", [Get("global-only"), UseGuards(TenantGuard), GlobalRoute()]);
  const all = [Req(), CurrentTenant({ optional: true })];
  route(NotesController, "whoami", [Get("*")], all);
  return NotesController;
}

/** Serves the application with Nest on one of its platforms. */
export const nestServer =
  (peers: NestPeers): MakeServer =>
  async (world, options) => {
    const { common, core, integration } = peers;
    const { assignKey = "tenant", isSuspendedHandled, ...rest } = options;
    const module = integration.TenancyModule.forRoot({
      assignKey,
      ...rest,
      ...(isSuspendedHandled === true
        ? {
            handlers: {
              suspended: (_request, response, _next, { resolution }) => {
                response.statusCode = 402;
                response.end(
                  `pay, ${resolution?.kind === "suspended" ? resolution.tenant.slug : ""}`,
                );
              },
            },
          }
        : {}),
      skip: (request) => request.url === "/health",
      tenancy: { ...world.tenancy, close: () => Promise.resolve() },
    });
    // oxlint-disable-next-line typescript/no-extraneous-class -- what Nest's modules are
    class AppModule {}
    const controllers = [makeController(peers, world, assignKey)];
    common.Module({ controllers, imports: [module] })(AppModule);
    const adapter = peers.makeAdapter(integration.rewriteUrl(pathResolver));
    const app = await core.NestFactory.create(AppModule, adapter, {
      bodyParser: false,
      logger: false,
    });
    class ErrorFilter {
      catch(error: Error, host: Common.ArgumentsHost) {
        const isHttp = error instanceof common.HttpException;
        const body = isHttp ? error.getResponse() : `${error.message} in ${world.scope()}`;
        adapter.reply(host.switchToHttp().getResponse(), body, isHttp ? error.getStatus() : 500);
      }
    }
    common.Catch()(ErrorFilter);
    app.useGlobalFilters(new ErrorFilter());
    (app as unknown as { useBodyParser: (...args: unknown[]) => void }).useBodyParser(
      adapter.getType() === "fastify" ? "text/plain" : "text",
      ...(adapter.getType() === "fastify"
        ? [{ bodyLimit: 10_000_000 }]
        : [{ limit: "10mb", type: "*/*" }]),
      ...(adapter.getType() === "fastify"
        ? [
            (_: unknown, body: Buffer, done: (error: null, body: string) => void) =>
              done(null, body.toString()),
          ]
        : []),
    );
    await app.listen(0, "127.0.0.1");
    const server = running(app.getHttpServer() as Server);
    return {
      close: async () => {
        (app.getHttpServer() as Server).closeAllConnections();
        await app.close();
      },
      port: server.port,
    };
  };
