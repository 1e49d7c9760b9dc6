import type { IncomingMessage, ServerResponse } from "node:http";
import { attempt, isPromise } from "../../../internal/maybe-promise.ts";
import type { Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { type Decision, enterDecision, SKIPPED } from "../common/decide.ts";
import {
  assignDecision,
  decideNode,
  enterNode,
  headerSetter,
  refuseNode,
  setTenantHeader,
  stripUrl,
} from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { type Refusal, refusalFor } from "../common/status.ts";

/** A request that has been resolved. */
export type TenantRequest = IncomingMessage & {
  /** The tenant of this request; `undefined` in the global scope and in none. */
  tenant: Tenant | undefined;
  /** What this request resolved to; `undefined` if it was not resolved. */
  tenantResolution: Resolution | undefined;
  /** The URL as received, when a path prefix that named the tenant was taken off. */
  originalUrl?: string | undefined;
};

/** Serves a request in its tenant's scope. */
export type NodeHandler = (request: TenantRequest, response: ServerResponse) => unknown;

/** Answers a request in the adapter's place; the refusal says why. */
export type NodeRefusalHandler = (
  request: TenantRequest,
  response: ServerResponse,
  refusal: Refusal,
) => unknown;

/** How {@link withTenant} treats requests. */
export interface NodeOptions extends HttpOptions<IncomingMessage, NodeRefusalHandler> {
  /**
   * Answers when resolving failed for another reason than an unreachable database. Default: 500 and
   * a line in the tenancy's log. What the handler itself throws is not touched.
   */
  readonly onError?: (error: unknown, request: IncomingMessage, response: ServerResponse) => void;
}

/** A listener for a server's `request` event. Returns the handler's promise, if it returns one. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Makes a listener for `http.createServer` and its HTTPS and HTTP/2 counterparts that calls
 * `handler` in each request's tenant's scope.
 *
 * Sets `req.tenant` and `req.tenantResolution`. Listeners of the request and the response run in the
 * scope as well. A path prefix that named the tenant is taken off `req.url`.
 *
 * @example
 * ```ts
 * http.createServer(withTenant(tenancy, (req, res) => res.end(req.tenant?.name))).listen(3000);
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function withTenant(
  tenancy: HttpTenancy,
  handler: NodeHandler,
  options: NodeOptions = {},
): NodeListener {
  const settings = parseHttpOptions(options);
  const proceed = (
    request: TenantRequest,
    response: ServerResponse,
    decision: Decision,
  ): unknown => {
    return enterNode(tenancy, decision, [request, response], (decision) => {
      assignDecision(request, settings, decision);
      stripUrl(request, decision);
      setTenantHeader(headerSetter(response), settings.responseHeader, decision);
      const { refusal } = decision;
      if (refusal === undefined) return handler(request, response);
      const custom = settings.handlers[refusal.kind];
      if (custom !== undefined) return custom(request, response, refusal);
      return refuseNode(request, response, refusal, settings.retryAfterSeconds);
    });
  };
  const fail = (request: IncomingMessage, response: ServerResponse, error: unknown): void =>
    enterDecision(tenancy, SKIPPED, () => {
      if (options.onError !== undefined) return options.onError(error, request, response);
      tenancy.logger.error({ err: error }, "request not resolved");
      refuseNode(request, response, refusalFor("failed", undefined, error), 0);
    });
  return (request, response) => {
    const decision = attempt(() => decideNode(tenancy, { raw: request, request, settings }));
    if (!isPromise(decision)) return proceed(request as TenantRequest, response, decision);
    return decision.then(
      (decision) => proceed(request as TenantRequest, response, decision),
      (error: unknown) => fail(request, response, error),
    );
  };
}
