import type { H3Event } from "h3";
import { createHealthReply, type HealthOptions, type HealthTenancy } from "../common/health.ts";

/**
 * Makes a route handler that answers 200 when the registry can be read and all active tenants are
 * healthy, 503 otherwise. Needs no scope: put it in front of the tenant middleware, or `skip` it.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function healthHandler(
  tenancy: HealthTenancy,
  options: HealthOptions = {},
): (event: H3Event) => Promise<Response> {
  const reply = createHealthReply(tenancy, options);
  return async () => {
    const { body, headers, status } = await reply();
    return new Response(body, { headers, status });
  };
}
