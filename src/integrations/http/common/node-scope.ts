import type { IncomingMessage, ServerResponse } from "node:http";
import { captureScope, type InScope } from "../../../core/scope.ts";
import { bindEmitter, releaseConnection } from "./bind.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "./decide.ts";
import type { HttpSettings, HttpTenancy } from "./options.ts";
import { type NodeRequestLike, readNodeRequest } from "./node-request.ts";
import { bindRequestLog } from "./request-log.ts";
import { renderRefusal, sendReply } from "./reply.ts";
import { rememberDecision } from "./request-state.ts";
import type { MaybePromise } from "../../../core/resolution.ts";
import type { Refusal } from "./status.ts";

/** What {@link decideNode} needs beside the tenancy. */
export interface NodeDecideOptions<Request, Handler> {
  /** The checked options. */
  readonly settings: HttpSettings<Request, Handler>;
  /** Node's own request. */
  readonly request: IncomingMessage;
  /** The framework's request or context, for `skip` and for resolvers that are functions. */
  readonly raw: Request;
  /** The URL to resolve, where it is not `request.url`. */
  readonly url?: string | undefined;
}

/** Decides what to do with a request of a framework that stands on `node:http`. */
export function decideNode<Request, Handler>(
  tenancy: HttpTenancy,
  { raw, request, settings, url }: NodeDecideOptions<Request, Handler>,
): MaybePromise<Decision> {
  if (settings.skip?.(raw) === true) return SKIPPED;
  const { onUnknown, trusts } = settings;
  const read = readNodeRequest(request, { raw, trusts, url });
  return decide(tenancy, read, onUnknown);
}

/**
 * Calls `fn` in the scope that was decided, and makes all listeners of the request and the response
 * run in it too. See {@link enterDecision}.
 */
export function enterNode<T>(
  tenancy: HttpTenancy,
  decision: Decision,
  [request, response]: readonly [IncomingMessage, ServerResponse],
  fn: (decision: Decision, inScope: InScope) => T,
): T {
  const outside = captureScope();
  return enterDecision(tenancy, decision, (decision) => {
    rememberDecision(request, tenancy, decision);
    bindRequestLog(request, decision);
    const inScope = captureScope();
    bindEmitter(request, tenancy, inScope);
    bindEmitter(response, tenancy, inScope);
    releaseConnection(response, outside);
    return fn(decision, inScope);
  });
}

/** Puts what was decided where the application looks for it, over whatever was there. */
export function assignDecision(
  target: object,
  keys: Pick<HttpSettings<never, never>, "tenantKey" | "resolutionKey">,
  decision: Decision,
): void {
  const holder = target as Record<string, unknown>;
  holder[keys.tenantKey] = decision.tenant;
  holder[keys.resolutionKey] = decision.resolution;
}

/** Takes the prefix that named the tenant off the URL; `originalUrl` keeps it. */
export function stripUrl(request: NodeRequestLike, decision: Decision): void {
  const { resolution } = decision;
  if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) return;
  request.originalUrl ??= request.url;
  request.url = resolution.strippedUrl;
}

/** Tells the tenant's slug in a response header, if that was asked for. */
export function setTenantHeader(
  setHeader: (name: string, value: string) => void,
  name: string | undefined,
  decision: Decision,
): void {
  if (name === undefined || decision.tenant === undefined) return;
  // Slugs of an existing table may hold what a header must not.
  setHeader(name, encodeURIComponent(decision.tenant.slug));
}

/** Returns what sets a header of a response that nobody has begun to send yet. */
export function headerSetter(response: ServerResponse): (name: string, value: string) => void {
  // A limit for the time that requests take answers while the tenant is still looked up, and setting
  // a header then would end the process.
  return (name, value) => {
    if (!response.headersSent) response.setHeader(name, value);
  };
}

/** Answers a refused request through Node's own response, unless somebody else has. */
export function refuseNode(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  retryAfterSeconds: number,
): void {
  if (response.headersSent) return;
  sendReply(response, renderRefusal(refusal, request.headers.accept, retryAfterSeconds));
}
