import { captureScope } from "../../../core/scope.ts";
import type { MaybePromise, Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { bindResponse } from "../common/bind.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "../common/decide.ts";
import { readFetchRequest, withTarget } from "../common/fetch-request.ts";
import { setTenantHeader } from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import type { Refusal } from "../common/status.ts";

/** What a handler learns of its request. */
export interface TenantContext {
  /** The tenant of this request; `undefined` in the global scope and in none. */
  readonly tenant: Tenant | undefined;
  /** What this request resolved to; `undefined` if it was not resolved. */
  readonly resolution: Resolution | undefined;
}

/** Serves a request in its tenant's scope. `rest` is what the runtime passes beside the request. */
export type FetchHandler<Rest extends readonly unknown[]> = (
  request: Request,
  context: TenantContext,
  ...rest: Rest
) => MaybePromise<Response>;

/** Answers a request in the adapter's place; the refusal says why. */
export type FetchRefusalHandler<Rest extends readonly unknown[]> = (
  request: Request,
  refusal: Refusal,
  ...rest: Rest
) => MaybePromise<Response>;

/** How {@link withTenant} treats requests. There is no `assignKey`: the context is an argument. */
export interface FetchOptions<Rest extends readonly unknown[]> extends Omit<
  HttpOptions<Request, FetchRefusalHandler<Rest>>,
  "assignKey"
> {
  /** Tells the peer's address, for `trustProxy`: a Fetch request does not have it. */
  readonly remoteAddress?: (request: Request, ...rest: Rest) => string | undefined;
}

/**
 * Makes a function from request to response, for Next route handlers, Bun, Deno, h3 and whatever
 * else speaks Fetch, that calls `handler` in the request's tenant's scope. A body that is a stream
 * is read in the scope too, also after the handler has returned.
 *
 * A path prefix that named the tenant is taken off the URL of the request that the handler gets.
 * Errors of resolving reject, for the framework to deal with. Listeners of `request.signal` run in
 * the scope of whoever aborts: start them in the handler with `AsyncResource.bind`.
 *
 * @example
 * ```ts
 * export const GET = withTenant(tenancy, async (request, { tenant }) =>
 *   Response.json((await tenancy.query("select * from note")).rows),
 * );
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function withTenant<Rest extends readonly unknown[] = []>(
  tenancy: HttpTenancy,
  handler: FetchHandler<Rest>,
  options: FetchOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const settings = parseHttpOptions<Request, FetchRefusalHandler<Rest>>(options);
  const { onUnknown, responseHeader, retryAfterSeconds, skip, trusts } = settings;
  const decideFetch = (request: Request, rest: Rest): MaybePromise<Decision> => {
    if (skip?.(request) === true) return SKIPPED;
    const remoteAddress = options.remoteAddress?.(request, ...rest);
    const read = readFetchRequest(request, { raw: request, remoteAddress, trusts });
    return decide(tenancy, read, onUnknown);
  };
  const respond = (request: Request, rest: Rest, decision: Decision): MaybePromise<Response> => {
    const { refusal, resolution, tenant } = decision;
    if (refusal === undefined)
      return handler(strip(request, decision), { resolution, tenant }, ...rest);
    const custom = settings.handlers[refusal.kind];
    if (custom !== undefined) return custom(request, refusal, ...rest);
    const accept = request.headers.get("accept") ?? undefined;
    const { body, headers, status } = renderRefusal(refusal, accept, retryAfterSeconds);
    return new Response(body, { headers, status });
  };
  return async (request, ...rest) => {
    const decision = await decideFetch(request, rest);
    return enterDecision(tenancy, decision, async (decision) => {
      const response = bindResponse(await respond(request, rest, decision), captureScope());
      return withTenantHeader(response, responseHeader, decision);
    });
  };
}

function strip(request: Request, decision: Decision): Request {
  const { resolution } = decision;
  if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) return request;
  return withTarget(request, resolution.strippedUrl);
}

function withTenantHeader(
  response: Response,
  name: string | undefined,
  decision: Decision,
): Response {
  // 101 and network errors cannot be copied, and nothing reads headers of theirs.
  if (name === undefined || decision.tenant === undefined || response.status < 200) return response;
  const copy = new Response(response.body, response);
  setTenantHeader((key, value) => copy.headers.set(key, value), name, decision);
  return copy;
}
