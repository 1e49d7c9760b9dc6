import type { Context } from "elysia";
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
): (context: Pick<Context, "request">) => Promise<Response> {
  const reply = createAskReply(tenancy, options);
  return async ({ request }) => {
    const { body, headers, status } = await reply(request.method, request.url);
    return new Response(request.method === "HEAD" ? null : body, { headers, status });
  };
}
