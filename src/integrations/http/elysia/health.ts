import { createHealthReply, type HealthOptions, type HealthTenancy } from "../common/health.ts";

/**
 * Makes a route handler that answers 200 when the registry can be read and all active tenants are
 * healthy, 503 otherwise. Needs no scope: `skip` it in the tenant plugin.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function healthHandler(
  tenancy: HealthTenancy,
  options: HealthOptions = {},
): () => Promise<Response> {
  const reply = createHealthReply(tenancy, options);
  return async () => {
    const { body, headers, status } = await reply();
    return new Response(body, { headers, status });
  };
}
