import type { Context } from "hono";
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
): (context: Context) => Promise<Response> {
  const reply = createAskReply(tenancy, options);
  return async ({ req }) => {
    const { body, headers, status } = await reply(req.method, req.url);
    return new Response(req.method === "HEAD" ? null : body, { headers, status });
  };
}
