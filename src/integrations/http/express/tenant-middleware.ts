import type { NextFunction, Request, RequestHandler, Response } from "express";
import { connectGuard, type ConnectHandler, connectMiddleware } from "../common/connect.ts";
import type { HttpOptions, HttpTenancy } from "../common/options.ts";
import type { Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";

declare global {
  namespace Express {
    interface Request {
      /** The tenant of this request; `undefined` in the global scope and in none. */
      tenant?: Tenant | undefined;
      /** What this request resolved to; `undefined` if it was not resolved. */
      tenantResolution?: Resolution | undefined;
    }
  }
}

/** Answers a request in the adapter's place; the refusal says why. */
export type ExpressHandler = ConnectHandler<Request, Response, NextFunction>;

/** How {@link tenantMiddleware} treats requests. */
export type ExpressOptions = HttpOptions<Request, ExpressHandler>;

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: ExpressHandler;
}

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope: later
 * middleware, body parsers, routes, error handlers, and listeners of the request and the response.
 *
 * Sets `req.tenant` and `req.tenantResolution`. A path prefix that named the tenant is taken off
 * `req.url`; `req.originalUrl` keeps it. Errors of resolving go to the error handlers.
 *
 * @example
 * ```ts
 * app.use(tenantMiddleware(tenancy));
 * app.get("/notes", async (req, res) => {
 *   res.json((await tenancy.query("select * from note")).rows);
 * });
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantMiddleware(
  tenancy: HttpTenancy,
  options: ExpressOptions = {},
): RequestHandler {
  return connectMiddleware<Request, Response>(tenancy, options);
}

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(options: GuardOptions = {}): RequestHandler {
  return connectGuard<Request, Response>("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(options: GuardOptions = {}): RequestHandler {
  return connectGuard<Request, Response>("global", options.handler);
}
