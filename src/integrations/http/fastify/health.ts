import type { FastifyReply, FastifyRequest } from "fastify";
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
): (request: FastifyRequest, reply: FastifyReply) => Promise<string> {
  const health = createHealthReply(tenancy, options);
  return async (_request, reply) => {
    const { body, headers, status } = await health();
    reply.code(status).headers(headers);
    return body;
  };
}
