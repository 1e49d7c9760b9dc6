import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
} from "fastify";
import { attempt, isPromise } from "../../../internal/maybe-promise.ts";
import type { Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type Decision, enterDecision, SKIPPED } from "../common/decide.ts";
import { assignDecision, decideNode, enterNode, setTenantHeader } from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { bindRequestLog } from "../common/request-log.ts";
import { checkGuard, type Required } from "../common/request-state.ts";
import type { Refusal } from "../common/status.ts";
import { urlBeforeRewrite } from "../common/rewrite-url.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The tenant of this request; `undefined` in the global scope and in none. */
    tenant: Tenant | undefined;
    /** What this request resolved to; `undefined` if it was not resolved. */
    tenantResolution: Resolution | undefined;
  }
}

/** Answers a request in the adapter's place; the refusal says why. May be async. */
export type FastifyHandler = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
) => unknown;

/** How {@link tenantPlugin} treats requests. */
export interface TenantPluginOptions extends HttpOptions<FastifyRequest, FastifyHandler> {
  /** The application's tenancy. */
  readonly tenancy: HttpTenancy;
}

/** How a guard treats requests that may not pass. */
export interface GuardOptions {
  /** Answers in place of the built-in 404 or 403. */
  readonly handler?: FastifyHandler;
}

/** A hook for a route's or an instance's `onRequest`, `preValidation` or `preHandler`. */
export type GuardHook = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
) => void;

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope: later
 * hooks (those after the response too), body parsers, routes, error handlers, streams.
 *
 * Sets `request.tenant` and `request.tenantResolution`, and adds tenant and host to the lines of
 * `request.log`. Applies to the instance that it is registered on and to all inside it. For tenants
 * in a path prefix see {@link rewriteUrl}. `onTimeout` hooks run without a scope.
 *
 * @example
 * ```ts
 * await app.register(tenantPlugin, { tenancy });
 * app.get("/notes", async () => (await tenancy.query("select * from note")).rows);
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export const tenantPlugin: FastifyPluginAsync<TenantPluginOptions> = Object.assign(
  registerTenantPlugin,
  {
    [Symbol.for("fastify.display-name")]: "kirayedar",
    // The hook is for the instance that registers the plugin, not for the plugin's own.
    [Symbol.for("skip-override")]: true,
  },
);

// Async, although it awaits nothing: what a plugin throws reaches Fastify only as a rejection.
async function registerTenantPlugin(
  app: FastifyInstance,
  options: TenantPluginOptions,
): Promise<void> {
  const { tenancy } = options;
  if (typeof tenancy?.resolve !== "function") {
    throw new TenancyError("INVALID_CONFIG", "`tenantPlugin` was registered without a tenancy.", {
      remedy: "Register it as `app.register(tenantPlugin, { tenancy })`.",
    });
  }
  const settings = parseHttpOptions<FastifyRequest, FastifyHandler>(options);
  app.decorateRequest(settings.tenantKey, undefined);
  app.decorateRequest(settings.resolutionKey, undefined);
  const proceed = (
    request: FastifyRequest,
    reply: FastifyReply,
    next: HookHandlerDoneFunction,
    decision: Decision,
  ): void => {
    enterNode(tenancy, decision, [request.raw, reply.raw], (decision) => {
      assignDecision(request, settings, decision);
      const { responseHeader } = settings;
      setTenantHeader((name, value) => void reply.header(name, value), responseHeader, decision);
      bindRequestLog(request, decision);
      reply.log = request.log;
      const { refusal } = decision;
      if (refusal === undefined) return next();
      const handler = settings.handlers[refusal.kind];
      refuse(request, reply, refusal, { handler, retryAfterSeconds: settings.retryAfterSeconds });
    });
  };
  app.addHook("onRequest", (request, reply, next) => {
    const url = urlBeforeRewrite(request.raw);
    const decision = attempt(() =>
      decideNode(tenancy, { raw: request, request: request.raw, settings, url }),
    );
    if (!isPromise(decision)) return proceed(request, reply, next, decision);
    decision.then(
      (decision) => proceed(request, reply, next, decision),
      // ISOLATION: the scope in force here is the one that the server was started in, if any, and the
      // error handlers would run in it. integration/http/conformance.test.ts
      (error: unknown) => enterDecision(tenancy, SKIPPED, () => next(error as Error)),
    );
  });
}

/** Lets only requests in a tenant's scope pass; answers others with 404. */
export function requireTenant(options: GuardOptions = {}): GuardHook {
  return guard("tenant", options.handler);
}

/** Lets only requests in the global scope pass; answers others with 403. */
export function requireGlobal(options: GuardOptions = {}): GuardHook {
  return guard("global", options.handler);
}

function guard(required: Required, handler: FastifyHandler | undefined): GuardHook {
  return (request, reply, done) => {
    // What this throws, Fastify gives to its error handler.
    const refusal = checkGuard(request.raw, required);
    if (refusal === undefined) done();
    else refuse(request, reply, refusal, { handler, retryAfterSeconds: 0 });
  };
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  how: { readonly handler: FastifyHandler | undefined; readonly retryAfterSeconds: number },
): void {
  if (how.handler === undefined) {
    const rendered = renderRefusal(refusal, request.headers.accept, how.retryAfterSeconds);
    reply.code(rendered.status).headers(rendered.headers).send(rendered.body);
    return;
  }
  const result = attempt(() => how.handler?.(request, reply, refusal));
  if (!isPromise(result)) {
    if (result !== undefined && result !== reply && !reply.sent) reply.send(result);
    return;
  }
  // As for a route: what an async handler resolves with is sent unless it has answered itself.
  result.then(
    (payload) => {
      if (!reply.sent && payload !== reply && payload !== undefined) reply.send(payload);
    },
    (error: unknown) => reply.send(error),
  );
}
