import type { FastifyReply, FastifyRequest } from "fastify";
import { type AskOptions, type AskTenancy, createAskReply } from "../common/ask.ts";

/**
 * Makes a route handler that answers proxies which ask for `?domain=` before they get a certificate: 200 if a
 * tenant is served under it, 404 if not, 503 if the registry cannot be read. Needs no scope, and no way in
 * from the internet.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function askHandler(
  tenancy: AskTenancy,
  options: AskOptions = {},
): (request: FastifyRequest, reply: FastifyReply) => Promise<string> {
  const ask = createAskReply(tenancy, options);
  return async (request, reply) => {
    const { body, headers, status } = await ask(request.method, request.url);
    reply.code(status).headers(headers);
    return body;
  };
}
