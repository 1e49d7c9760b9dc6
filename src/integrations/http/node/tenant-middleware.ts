import type { IncomingMessage, ServerResponse } from "node:http";
import {
  connectGuard,
  type ConnectHandler,
  type ConnectMiddleware,
  connectMiddleware,
} from "../common/connect.ts";
import type { HttpOptions, HttpTenancy } from "../common/options.ts";

/** How {@link tenantMiddleware} treats requests. */
export type ConnectOptions = HttpOptions<
  IncomingMessage,
  ConnectHandler<IncomingMessage, ServerResponse>
>;

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: ConnectHandler<IncomingMessage, ServerResponse>;
}

/**
 * Makes a middleware for connect, polka, Vite and others that take `(req, res, next)`: resolves each
 * request to its tenant and calls `next` in that tenant's scope.
 *
 * Sets `req.tenant` and `req.tenantResolution`. A path prefix that named the tenant is taken off
 * `req.url`; `req.originalUrl` keeps it. Errors of resolving go to `next`.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantMiddleware(
  tenancy: HttpTenancy,
  options: ConnectOptions = {},
): ConnectMiddleware<IncomingMessage, ServerResponse> {
  return connectMiddleware(tenancy, options);
}

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(
  options: GuardOptions = {},
): ConnectMiddleware<IncomingMessage, ServerResponse> {
  return connectGuard("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(
  options: GuardOptions = {},
): ConnectMiddleware<IncomingMessage, ServerResponse> {
  return connectGuard("global", options.handler);
}
