import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admin } from "./create-admin.ts";
import { isBelow, serveNode } from "./node-listener.ts";

/** The part of Fastify's request that is used here. */
interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  readonly originalUrl: string;
  readonly url: string;
}

/** The part of Fastify's reply that is used here. */
interface FastifyReplyLike {
  readonly raw: ServerResponse;
  hijack(): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
}

/** The part of a Fastify instance that is used here. */
interface FastifyLike {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: string,
    parser: (request: never, payload: never, done: (error: null, body?: undefined) => void) => void,
  ): unknown;
  all(
    path: string,
    handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<void>,
  ): unknown;
}

/** A plugin as Fastify has it. */
export type AdminFastifyPlugin = (app: object, options: object, done: () => void) => void;

/** Makes the console a plugin for Fastify: `app.register(toFastifyPlugin(admin))`. */
export function toFastifyPlugin(admin: Admin): AdminFastifyPlugin {
  return (instance, _options, done) => {
    const app = instance as FastifyLike;
    // In this plugin alone: bodies are left to the console, which limits and reads them itself.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    const serve = async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<void> => {
      const { basePath } = admin;
      const target = [request.originalUrl, request.url].find((url) => isBelow(url, basePath));
      reply.hijack();
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      const from = { raw: request, request: request.raw, target: target ?? request.url };
      await serveNode(admin, from, reply.raw).catch(() => void reply.raw.destroy());
    };
    if (admin.basePath !== "") app.all(admin.basePath, serve);
    app.all(`${admin.basePath}/*`, serve);
    done();
  };
}
