import type { Context } from "elysia";
import { renderRefusal } from "../common/reply.ts";
import { checkGuard, type Required } from "../common/request-state.ts";
import type { Refusal } from "../common/status.ts";
import type { ElysiaHandler } from "./tenant-plugin.ts";

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: ElysiaHandler;
}

/** A hook for a route's or a guard's `beforeHandle`. */
export type GuardHook = (context: Pick<Context, "request" | "set">) => unknown;

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(options: GuardOptions = {}): GuardHook {
  return guard("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(options: GuardOptions = {}): GuardHook {
  return guard("global", options.handler);
}

function guard(required: Required, handler: ElysiaHandler | undefined): GuardHook {
  // Elysia awaits what is written as `async`.
  return async (context) => {
    // What this throws, Elysia gives to its error hooks.
    const refusal = checkGuard(context.request, required);
    return refusal && (await refuse(context, refusal, { handler, retryAfterSeconds: 0 }));
  };
}

/** Answers a refused request, by the application's own handler if it has one and answers. */
export async function refuse(
  context: Pick<Context, "request" | "set">,
  refusal: Refusal,
  how: { readonly handler: ElysiaHandler | undefined; readonly retryAfterSeconds: number },
): Promise<unknown> {
  // ISOLATION: after a hook that returns nothing, Elysia goes on to the route. integration/http/elysia.test.ts
  const answer = await how.handler?.(context, refusal);
  if (answer !== undefined) return answer;
  const accept = context.request.headers.get("accept") ?? undefined;
  const { body, headers, status } = renderRefusal(refusal, accept, how.retryAfterSeconds);
  return new Response(body, { headers, status });
}
