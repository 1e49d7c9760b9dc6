import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admin } from "./create-admin.ts";
import { type NodeTarget, toFetchRequest } from "./node-request.ts";
import { sendResponse } from "./node-response.ts";

/** A listener for `http.createServer`, and a middleware for Express, Nest and connect. */
export type AdminNodeListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/**
 * Makes the console a listener of Node's own, and a middleware: it knows the whole path also where a router
 * has taken a prefix off, and takes a body that a parser in front has read. What is not below its path goes
 * to `next`, if there is one.
 *
 * @example
 * ```ts
 * app.use("/admin", toNodeListener(admin));
 * ```
 */
export function toNodeListener(admin: Admin): AdminNodeListener {
  return (request, response, next) => {
    const target = findTarget(request, admin.basePath);
    if (target === undefined && next !== undefined) return next();
    serveNode(
      admin,
      { raw: request, request, target: target ?? request.url ?? "/" },
      response,
    ).catch((error: unknown) => {
      // The client is gone, or was never one: nobody is left to be told.
      response.destroy(error instanceof Error ? error : undefined);
    });
    return undefined;
  };
}

/** Methods that a request of Fetch cannot have. */
const NOT_FETCHED: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Answers one request through Node's response; resolves when it has been sent, or its client has gone. */
export async function serveNode(
  admin: Admin,
  from: NodeTarget,
  response: ServerResponse,
): Promise<void> {
  if (NOT_FETCHED.has(from.request.method ?? "")) {
    response.writeHead(405, { allow: "GET, HEAD, POST, PATCH, DELETE, OPTIONS" }).end();
    return;
  }
  const controller = new AbortController();
  const onClose = (): void => controller.abort();
  response.once("close", onClose);
  try {
    const answer = await admin(toFetchRequest(from, controller.signal));
    await sendResponse(answer, response, controller.signal);
  } finally {
    response.off("close", onClose);
    // Node does so itself with bodies of which nothing was read.
    if (!from.request.complete) from.request.resume();
  }
}

/** Routers that are mounted under a prefix take it off `url`, and keep it in one of these. */
function findTarget(request: IncomingMessage, basePath: string): string | undefined {
  const {
    baseUrl,
    originalUrl,
    url = "/",
  } = request as IncomingMessage & {
    readonly baseUrl?: string;
    readonly originalUrl?: string;
  };
  const candidates = [originalUrl, baseUrl === undefined ? undefined : baseUrl + url, url];
  return candidates.find((target) => target !== undefined && isBelow(target, basePath));
}

/** Whether a request's target is the mount path, or below it. */
export function isBelow(target: string, basePath: string): boolean {
  const path = target.replace(/[?#].*$/s, "");
  return path === basePath || path.startsWith(`${basePath}/`);
}
