import type { RequestHandler } from "express";
import { createHealthReply, type HealthOptions, type HealthTenancy } from "../common/health.ts";
import { sendReply } from "../common/reply.ts";

/**
 * Makes a route handler that answers 200 when the registry can be read and all active tenants are
 * healthy, 503 otherwise. Needs no scope: put it in front of the tenant middleware, or `skip` it.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function healthHandler(tenancy: HealthTenancy, options: HealthOptions = {}): RequestHandler {
  const reply = createHealthReply(tenancy, options);
  return async (_request, response) => sendReply(response, await reply());
}
