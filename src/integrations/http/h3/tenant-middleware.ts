import type { H3Event, Middleware } from "h3";
import { captureScope } from "../../../core/scope.ts";
import type { MaybePromise, Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "../common/decide.ts";
import { assignDecision, setTenantHeader } from "../common/node-scope.ts";
import {
  type HttpOptions,
  type HttpSettings,
  type HttpTenancy,
  parseHttpOptions,
} from "../common/options.ts";
import { renderRefusal, type Reply } from "../common/reply.ts";
import { checkGuard, rememberDecision, type Required } from "../common/request-state.ts";
import { bindNodeParts, nodePartsOf, readServerRequest } from "../common/server-request.ts";
import type { Refusal } from "../common/status.ts";
import { bindValue } from "./bind-value.ts";
import { setTarget, targetOf } from "./strip-tenant-path.ts";

declare module "h3" {
  interface H3EventContext {
    /** The tenant of this request; `undefined` in the global scope and in none. */
    tenant?: Tenant | undefined;
    /** What this request resolved to; `undefined` if it was not resolved. */
    tenantResolution?: Resolution | undefined;
  }
}

/** Answers a request in the adapter's place; the refusal says why. */
export type H3Handler = (event: H3Event, next: () => unknown, refusal: Refusal) => unknown;

/** How {@link tenantMiddleware} treats requests. */
export interface H3Options extends HttpOptions<H3Event, H3Handler> {
  /** Tells the peer's address, for `trustProxy`. Default: what Node knows. */
  readonly remoteAddress?: (event: H3Event) => string | undefined;
}

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: H3Handler;
}

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope, also
 * the reading of a stream that is the response's body.
 *
 * Sets `event.context.tenant` and `event.context.tenantResolution`. A path prefix that named the
 * tenant is taken off `event.url`; for routes without it see {@link stripTenantPath}. Errors of
 * resolving go to the application's `onError`; that option is called by h3 outside of the scope,
 * the middleware `onError(…)` behind this one inside of it.
 *
 * @example
 * ```ts
 * const app = new H3();
 * app.use(tenantMiddleware(tenancy));
 * app.get("/notes", async () => (await tenancy.query("select * from note")).rows);
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option; for each request `UNSUPPORTED_PEER` where
 *   h3 is not of version 2
 */
export function tenantMiddleware(tenancy: HttpTenancy, options: H3Options = {}): Middleware {
  const settings = parseHttpOptions(options);
  return async (event, next) => {
    checkVersion(event);
    const node = nodePartsOf(event.req);
    const outside = captureScope();
    const decision = await decideH3(tenancy, event, settings, options.remoteAddress);
    return enterDecision(tenancy, decision, async (decision) => {
      assignDecision(event.context, settings, decision);
      rememberDecision(event, tenancy, decision);
      const inScope = captureScope();
      if (node !== undefined) bindNodeParts(node, tenancy, { inScope, outside });
      const { refusal, resolution } = decision;
      if (refusal !== undefined) {
        const handler = settings.handlers[refusal.kind];
        return refuse(event, next, refusal, { ...settings, handler });
      }
      if (resolution?.kind === "tenant" && resolution.strippedUrl !== undefined) {
        setTarget(event, resolution.strippedUrl);
      }
      const { headers } = event.res;
      setTenantHeader((key, value) => headers.set(key, value), settings.responseHeader, decision);
      return bindValue(await next(), tenancy, inScope);
    });
  };
}

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(options: GuardOptions = {}): Middleware {
  return guard("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(options: GuardOptions = {}): Middleware {
  return guard("global", options.handler);
}

function guard(required: Required, handler: H3Handler | undefined): Middleware {
  return (event, next) => {
    const refusal = checkGuard(event, required);
    if (refusal === undefined) return next();
    return refuse(event, next, refusal, { handler, retryAfterSeconds: 0 });
  };
}

function decideH3(
  tenancy: HttpTenancy,
  event: H3Event,
  settings: HttpSettings<H3Event, H3Handler>,
  remoteAddress: H3Options["remoteAddress"],
): MaybePromise<Decision> {
  if (settings.skip?.(event) === true) return SKIPPED;
  const { onUnknown, trusts } = settings;
  const read = readServerRequest(event.req, {
    node: nodePartsOf(event.req),
    raw: event,
    remoteAddress: remoteAddress && (() => remoteAddress(event)),
    target: targetOf(event),
    trusts,
  });
  return decide(tenancy, read, onUnknown);
}

/** An event of h3 1 has Node's parts only, and `next` is none of its. */
function checkVersion(event: Partial<H3Event>): void {
  if (typeof event.req?.headers?.get === "function" && event.url instanceof URL) return;
  throw new TenancyError(
    "UNSUPPORTED_PEER",
    "`tenantMiddleware` got an event that is not of h3 2.",
  );
}

async function refuse(
  event: H3Event,
  next: () => unknown,
  refusal: Refusal,
  how: { readonly handler: H3Handler | undefined; readonly retryAfterSeconds: number },
): Promise<unknown> {
  let isPassedOn = false;
  const passOn = (): unknown => {
    isPassedOn = true;
    return next();
  };
  const answer = await how.handler?.(event, passOn, refusal);
  if (isPassedOn) return answer;
  // ISOLATION: h3 goes on to the route after a middleware that returns nothing, and some of its
  // versions also after a `Response` of status 404. integration/http/h3.test.ts
  if (answer === undefined || typeof answer === "symbol") {
    const accept = event.req.headers.get("accept") ?? undefined;
    return send(event, renderRefusal(refusal, accept, how.retryAfterSeconds));
  }
  return answer instanceof Response && answer.status === 404 ? send(event, answer) : answer;
}

/** Answers with what is no `Response` to h3. */
function send(event: H3Event, reply: Reply | Response): unknown {
  const { body, headers, status } = reply;
  for (const [name, value] of headers instanceof Headers ? headers : Object.entries(headers)) {
    const isList = name === "set-cookie" || name === "vary";
    event.res.headers[isList ? "append" : "set"](name, value);
  }
  event.res.status = status;
  return body ?? "";
}
