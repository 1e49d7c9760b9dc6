import type { Middleware } from "koa";
import { createHealthReply, type HealthOptions, type HealthTenancy } from "../common/health.ts";

/**
 * Makes a middleware that answers 200 when the registry can be read and all active tenants are
 * healthy, 503 otherwise. Needs no scope: put it in front of the tenant middleware, or `skip` it.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function healthHandler(tenancy: HealthTenancy, options: HealthOptions = {}): Middleware {
  const reply = createHealthReply(tenancy, options);
  return async (context) => {
    const { body, headers, status } = await reply();
    context.status = status;
    context.set({ ...headers });
    context.body = body;
  };
}
