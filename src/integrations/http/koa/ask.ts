import type { Middleware } from "koa";
import { type AskOptions, type AskTenancy, createAskReply } from "../common/ask.ts";

/**
 * Makes a middleware that answers proxies which ask for `?domain=` before they get a certificate: 200 if a
 * tenant is served under it, 404 if not, 503 if the registry cannot be read. Needs no scope, and no way in
 * from the internet.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function askHandler(tenancy: AskTenancy, options: AskOptions = {}): Middleware {
  const reply = createAskReply(tenancy, options);
  return async (context) => {
    const { body, headers, status } = await reply(context.method, context.url);
    context.status = status;
    context.set({ ...headers });
    context.body = body;
  };
}
