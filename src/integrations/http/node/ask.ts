import type { IncomingMessage, ServerResponse } from "node:http";
import { type AskOptions, type AskTenancy, createAskReply } from "../common/ask.ts";
import { sendReply } from "../common/reply.ts";

/**
 * Makes a listener that answers proxies which ask for `?domain=` before they get a certificate: 200 if a
 * tenant is served under it, 404 if not, 503 if the registry cannot be read. Needs no scope, and no way in
 * from the internet.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function askHandler(
  tenancy: AskTenancy,
  options: AskOptions = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const reply = createAskReply(tenancy, options);
  return async (request, response) => sendReply(response, await reply(request.method, request.url));
}
