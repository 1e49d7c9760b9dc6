import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admin } from "./create-admin.ts";
import { isBelow, serveNode } from "./node-listener.ts";

/** The part of Koa's context that is used here. */
interface KoaContextLike {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly url: string;
  readonly request: object;
  respond?: boolean;
}

/** A middleware as Koa has it. */
export type AdminKoaMiddleware = (
  context: KoaContextLike,
  next: () => Promise<unknown>,
) => Promise<void>;

/** Makes the console a middleware for Koa; what is not below its path goes on. */
export function toKoaMiddleware(admin: Admin): AdminKoaMiddleware {
  return async (context, next) => {
    const { basePath } = admin;
    const target = [context.originalUrl, context.url].find((url) => isBelow(url, basePath));
    if (target === undefined) {
      await next();
      return;
    }
    context.respond = false;
    const { body } = context.request as { readonly body?: unknown };
    await serveNode(admin, { body, raw: context, request: context.req, target }, context.res);
  };
}
