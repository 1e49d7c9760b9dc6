import type { Context, MiddlewareHandler, Next } from "hono";
import { captureScope, type InScope } from "../../../core/scope.ts";
import type { MaybePromise, Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { bindResponse } from "../common/bind.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "../common/decide.ts";
import { withTarget } from "../common/fetch-request.ts";
import {
  type HttpOptions,
  type HttpSettings,
  type HttpTenancy,
  parseHttpOptions,
} from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { checkGuard, rememberDecision, type Required } from "../common/request-state.ts";
import { setTenantHeader } from "../common/node-scope.ts";
import {
  bindNodeParts,
  type NodeParts,
  readServerRequest,
  targetOf,
} from "../common/server-request.ts";
import type { Refusal } from "../common/status.ts";

/** What `c.get` knows behind {@link tenantMiddleware}. */
export interface TenantVariables {
  /** The tenant of this request; `undefined` in the global scope and in none. */
  tenant: Tenant | undefined;
  /** What this request resolved to; `undefined` if it was not resolved. */
  tenantResolution: Resolution | undefined;
}

/** The environment of an application behind {@link tenantMiddleware}: `new Hono<TenantEnv>()`. */
export interface TenantEnv {
  /** Types `c.get("tenant")`. */
  Variables: TenantVariables;
}

/** Answers a request in the adapter's place; the refusal says why. */
export type HonoHandler = (
  context: Context,
  next: Next,
  refusal: Refusal,
) => Response | void | Promise<Response | void>;

/** How {@link tenantMiddleware} treats requests. */
export interface HonoOptions extends HttpOptions<Context, HonoHandler> {
  /**
   * Tells the peer's address, for `trustProxy`. Default: what `@hono/node-server` knows; other
   * runtimes have a `getConnInfo` of their own.
   */
  readonly remoteAddress?: (context: Context) => string | undefined;
}

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: HonoHandler;
}

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope, also
 * the reading of a stream that is the response's body.
 *
 * Sets the variables `tenant` and `tenantResolution`. A path prefix that named the tenant is taken
 * off `c.req.raw.url`; for routes without it see {@link stripTenantPath}. Errors of resolving go to
 * `app.onError`.
 *
 * @example
 * ```ts
 * const app = new Hono<TenantEnv>();
 * app.use(tenantMiddleware(tenancy));
 * app.get("/notes", async (c) => c.json((await tenancy.query("select * from note")).rows));
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantMiddleware(
  tenancy: HttpTenancy,
  options: HonoOptions = {},
): MiddlewareHandler<TenantEnv> {
  const settings = parseHttpOptions(options);
  return async (context, next) => {
    const node = nodeBindings(context.env);
    const outside = captureScope();
    const decision = await decideHono(tenancy, context, settings, options.remoteAddress);
    return enterDecision(tenancy, decision, async (decision) => {
      const set = context.set as (key: string, value: unknown) => void;
      set(settings.tenantKey, decision.tenant);
      set(settings.resolutionKey, decision.resolution);
      rememberDecision(context, tenancy, decision);
      const { refusal } = decision;
      const inScope = captureScope();
      if (node !== undefined) bindNodeParts(node, tenancy, { inScope, outside });
      if (refusal !== undefined) {
        const handler = settings.handlers[refusal.kind];
        return refuse(context, next, refusal, { ...settings, handler });
      }
      rewrite(context, decision);
      await next();
      bindContextResponse(context, inScope);
      setTenantHeader(
        (name, value) => context.header(name, value),
        settings.responseHeader,
        decision,
      );
    });
  };
}

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(options: GuardOptions = {}): MiddlewareHandler {
  return guard("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(options: GuardOptions = {}): MiddlewareHandler {
  return guard("global", options.handler);
}

function guard(required: Required, handler: HonoHandler | undefined): MiddlewareHandler {
  return async (context, next) => {
    const refusal = checkGuard(context, required);
    if (refusal !== undefined) {
      return refuse(context, next, refusal, { handler, retryAfterSeconds: 0 });
    }
    await next();
  };
}

function decideHono(
  tenancy: HttpTenancy,
  context: Context,
  settings: HttpSettings<Context, HonoHandler>,
  remoteAddress: HonoOptions["remoteAddress"],
): MaybePromise<Decision> {
  if (settings.skip?.(context) === true) return SKIPPED;
  const { onUnknown, trusts } = settings;
  const read = readServerRequest(context.req.raw, {
    node: nodeBindings(context.env),
    raw: context,
    remoteAddress: remoteAddress && (() => remoteAddress(context)),
    // ISOLATION: Hono's routes see the path without its dots: of `/t/globex/../acme`, they would let in
    // whoever may see acme, and Node's own request would name globex. integration/http/hono.test.ts
    target: targetOf(context.req.raw.url),
    trusts,
  });
  return decide(tenancy, read, onUnknown);
}

/** What `@hono/node-server` passes as bindings. */
function nodeBindings(env: unknown): NodeParts | undefined {
  const { incoming } = (env ?? {}) as Partial<NodeParts>;
  return Array.isArray(incoming?.rawHeaders) ? (env as NodeParts) : undefined;
}

function rewrite(context: Context, decision: Decision): void {
  const { resolution } = decision;
  if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) return;
  const { raw } = context.req;
  // What was read already is answered from Hono's own memory of it.
  const source = raw.bodyUsed ? withoutBody(raw) : raw;
  context.req.raw = withTarget(source, resolution.strippedUrl);
}

function withoutBody({ headers, method, signal, url }: Request): Request {
  return new Request(url, { headers, method, signal });
}

async function refuse(
  context: Context,
  next: Next,
  refusal: Refusal,
  how: { readonly handler: HonoHandler | undefined; readonly retryAfterSeconds: number },
): Promise<Response | void> {
  if (how.handler !== undefined) return how.handler(context, next, refusal);
  const accept = context.req.header("accept");
  const reply = renderRefusal(refusal, accept, how.retryAfterSeconds);
  return new Response(reply.body, { headers: reply.headers, status: reply.status });
}

function bindContextResponse(context: Context, inScope: InScope): void {
  const { res } = context;
  const bound = bindResponse(res, inScope);
  if (bound === res) return;
  // Hono would merge the headers of the response that is replaced into the new one.
  context.res = undefined;
  context.res = bound;
}
