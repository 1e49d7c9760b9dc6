import type { IncomingMessage, ServerResponse } from "node:http";
import { createHealthReply, type HealthOptions, type HealthTenancy } from "../common/health.ts";
import { sendReply } from "../common/reply.ts";

/**
 * Makes a listener that answers 200 when the registry can be read and all active tenants are
 * healthy, 503 otherwise. Needs no scope: put it in front of the tenant middleware, or `skip` it.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function healthHandler(
  tenancy: HealthTenancy,
  options: HealthOptions = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const reply = createHealthReply(tenancy, options);
  return async (_request, response) => sendReply(response, await reply());
}
