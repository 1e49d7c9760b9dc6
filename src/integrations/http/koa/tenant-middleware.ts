import type { Readable } from "node:stream";
import type { Context, Middleware, Next } from "koa";
import type { InScope } from "../../../core/scope.ts";
import type { Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { bindBody, bindReadable } from "../common/bind.ts";
import { type Decision, enterDecision, SKIPPED } from "../common/decide.ts";
import {
  assignDecision,
  decideNode,
  enterNode,
  setTenantHeader,
  stripUrl,
} from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { checkGuard, type Required } from "../common/request-state.ts";
import type { Refusal } from "../common/status.ts";

/** What is in `ctx.state` behind {@link tenantMiddleware}. */
export interface TenantKoaState {
  /** The tenant of this request; `undefined` in the global scope and in none. */
  tenant?: Tenant | undefined;
  /** What this request resolved to; `undefined` if it was not resolved. */
  tenantResolution?: Resolution | undefined;
}

/** Answers a request in the adapter's place; the refusal says why. */
export type KoaHandler = (context: Context, next: Next, refusal: Refusal) => unknown;

/** How {@link tenantMiddleware} treats requests. */
export type KoaOptions = HttpOptions<Context, KoaHandler>;

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: KoaHandler;
}

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope, also
 * the reading of a stream in `ctx.body`, the application's error handling, and listeners of the
 * request and the response.
 *
 * Sets `ctx.state.tenant` and `ctx.state.tenantResolution`. A path prefix that named the tenant is
 * taken off `ctx.url`; `ctx.originalUrl` keeps it.
 *
 * @example
 * ```ts
 * app.use(tenantMiddleware(tenancy));
 * app.use(async (ctx) => {
 *   ctx.body = (await tenancy.query("select * from note")).rows;
 * });
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantMiddleware(tenancy: HttpTenancy, options: KoaOptions = {}): Middleware {
  const settings = parseHttpOptions(options);
  const proceed = (context: Context, next: Next, decision: Decision): Promise<unknown> => {
    return enterNode(tenancy, decision, [context.req, context.res], async (decision, inScope) => {
      assignDecision(context.state, settings, decision);
      stripUrl(context.req, decision);
      setTenantHeader(context.set.bind(context), settings.responseHeader, decision);
      const { refusal } = decision;
      // Koa answers errors and sends the body from outside of all middleware.
      bindErrorHandling(context, inScope);
      if (refusal === undefined) await next();
      else await refuse(context, next, refusal, settings.handlers[refusal.kind], settings);
      bindContextBody(context, tenancy, inScope);
    });
  };
  return async (context, next) => {
    let decision: Decision;
    try {
      decision = await decideNode(tenancy, { raw: context, request: context.req, settings });
    } catch (error) {
      // ISOLATION: the scope in force here is the one that the server was started in, if any, and the
      // application's error handling would run in it. integration/http/conformance.test.ts
      bindErrorHandling(context, (fn) => enterDecision(tenancy, SKIPPED, fn));
      throw error;
    }
    await proceed(context, next, decision);
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

function guard(required: Required, handler: KoaHandler | undefined): Middleware {
  return async (context, next) => {
    const refusal = checkGuard(context.req, required);
    if (refusal === undefined) await next();
    else await refuse(context, next, refusal, handler, { retryAfterSeconds: 0 });
  };
}

async function refuse(
  context: Context,
  next: Next,
  refusal: Refusal,
  handler: KoaHandler | undefined,
  { retryAfterSeconds }: { readonly retryAfterSeconds: number },
): Promise<void> {
  if (handler !== undefined) {
    await handler(context, next, refusal);
    return;
  }
  const reply = renderRefusal(refusal, context.get("accept"), retryAfterSeconds);
  context.status = reply.status;
  context.set({ ...reply.headers });
  context.body = reply.body;
}

function bindErrorHandling(context: Context, inScope: InScope): void {
  const onerror = context.onerror.bind(context);
  Object.assign(context, { onerror: (error: Error) => inScope(() => onerror(error)) });
}

function bindContextBody(context: Context, tenancy: HttpTenancy, inScope: InScope): void {
  const body: unknown = context.body;
  if (isReadable(body)) {
    bindReadable(body, tenancy, inScope);
  } else if (body instanceof ReadableStream) {
    context.body = bindBody(body as ReadableStream<Uint8Array>, inScope);
  } else if (body instanceof Response && body.body !== null) {
    // Assigning to `ctx.body` again would undo what was set on the response after the first time.
    Object.defineProperty(body, "body", { value: bindBody(body.body, inScope) });
  }
}

/** Also of a copy of the stream package. */
function isReadable(body: unknown): body is Readable {
  const { on, pipe } = (body ?? {}) as Partial<Readable>;
  return typeof pipe === "function" && typeof on === "function";
}
