import type { AnyElysia, Context, Elysia } from "elysia";
import { captureScope } from "../../../core/scope.ts";
import type { MaybePromise, Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { bindResponse } from "../common/bind.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "../common/decide.ts";
import { withTarget } from "../common/fetch-request.ts";
import { setTenantHeader } from "../common/node-scope.ts";
import {
  type HttpOptions,
  type HttpSettings,
  type HttpTenancy,
  parseHttpOptions,
} from "../common/options.ts";
import { rememberDecision } from "../common/request-state.ts";
import {
  bindNodeParts,
  nodePartsOf,
  readServerRequest,
  targetOf,
} from "../common/server-request.ts";
import type { Refusal } from "../common/status.ts";
import { refuse } from "./guards.ts";

/** What a route's context has behind {@link tenantPlugin}. */
// An interface would not do: Elysia asks for an index signature.
export type TenantContext = {
  /** The tenant of this request; `undefined` in the global scope and in none. */
  readonly tenant: Tenant | undefined;
  /** What this request resolved to; `undefined` if it was not resolved. */
  readonly tenantResolution: Resolution | undefined;
};

/** Answers a request in the adapter's place; the refusal says why. */
export type ElysiaHandler = (
  context: Pick<Context, "request" | "set">,
  refusal: Refusal,
) => unknown;

/** How {@link tenantPlugin} treats requests. */
export interface ElysiaOptions extends Omit<HttpOptions<Request, ElysiaHandler>, "assignKey"> {
  /** Tells the peer's address, for `trustProxy`. Default: what Node knows. */
  readonly remoteAddress?: (request: Request) => string | undefined;
}

type None = {};
type Singleton = { decorator: None; derive: TenantContext; resolve: None; store: None };

/** A plugin as a function, for `app.use`, that adds {@link TenantContext} to the context of routes. */
export type TenantPlugin = (app: AnyElysia) => Elysia<"", Singleton>;

/** What was decided for a request, or why nothing could be. */
type Outcome = { readonly decision: Decision } | { readonly error: unknown };

/**
 * Resolves each request to its tenant and runs everything that Elysia does with it in that tenant's
 * scope, also the reading of a stream that is the response's body.
 *
 * Applies to the whole application, wherever in it the plugin is used. Adds `tenant` and
 * `tenantResolution` to the context. A path prefix that named the tenant is taken off the URL before
 * the route is chosen. Errors of resolving go to `onError`. What a WebSocket receives after its
 * upgrade is handled without a scope: enter it with `tenancy.withTenant(context.tenant, …)`.
 *
 * @example
 * ```ts
 * const app = new Elysia()
 *   .use(tenantPlugin(tenancy))
 *   .get("/notes", async ({ tenant }) => (await tenancy.query("select * from note")).rows);
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option, and where the application has `aot: false`,
 *   which ignores what wraps it; `UNSUPPORTED_PEER` for an application without `wrap`
 */
export function tenantPlugin(tenancy: HttpTenancy, options: ElysiaOptions = {}): TenantPlugin {
  const settings = parseHttpOptions<Request, ElysiaHandler>(options);
  const outcomes = new WeakMap<Request, Outcome>();
  const wrap = wrapHandler(tenancy, settings, { outcomes, remoteAddress: options.remoteAddress });
  return (app) => {
    checkApp(app);
    const derived = (app as unknown as AppLike)
      .wrap(wrap)
      .onRequest((context) => {
        const decision = decisionFor(outcomes, context.request);
        const { refusal } = decision;
        const { headers } = context.set;
        const { responseHeader } = settings;
        setTenantHeader((key, value) => (headers[key] = value), responseHeader, decision);
        if (refusal === undefined) return undefined;
        return refuse(context, refusal, { ...settings, handler: settings.handlers[refusal.kind] });
      })
      .derive({ as: "global" }, ({ request }): TenantContext => {
        const { resolution, tenant } = decisionFor(outcomes, request);
        return { tenant, tenantResolution: resolution };
      });
    return derived as unknown as Elysia<"", Singleton>;
  };
}

/** The part of an application that is called here: its own types follow every single call. */
interface AppLike {
  wrap(fn: (handle: Handle) => Handle): AppLike;
  onRequest(fn: (context: Pick<Context, "request" | "set">) => unknown): AppLike;
  derive(
    options: { readonly as: "global" },
    fn: (context: { readonly request: Request }) => TenantContext,
  ): AppLike;
}

type Handle = (request: Request, ...rest: unknown[]) => MaybePromise<Response>;

let count = 0;

/** Makes what Elysia wraps its handling of requests in. */
function wrapHandler(
  tenancy: HttpTenancy,
  settings: HttpSettings<Request, ElysiaHandler>,
  how: {
    readonly outcomes: WeakMap<Request, Outcome>;
    readonly remoteAddress: ElysiaOptions["remoteAddress"];
  },
): (handle: Handle) => Handle {
  const { outcomes, remoteAddress } = how;
  const wrap = (handle: Handle): Handle => {
    return async (request, ...rest) => {
      const node = nodePartsOf(request);
      const outside = captureScope();
      let outcome: Outcome;
      try {
        outcome = { decision: await decideElysia(tenancy, request, settings, remoteAddress) };
      } catch (error) {
        // Thrown in `onRequest`, so that the application's error hooks get it.
        outcome = { error };
      }
      const decision = "decision" in outcome ? outcome.decision : SKIPPED;
      return enterDecision(tenancy, decision, async (decision) => {
        const inScope = captureScope();
        if (node !== undefined) bindNodeParts(node, tenancy, { inScope, outside });
        const stripped = strip(request, decision);
        rememberDecision(stripped, tenancy, decision);
        outcomes.set(stripped, "error" in outcome ? outcome : { decision });
        return bindResponse(await handle(stripped, ...rest), inScope);
      });
    };
  };
  // ISOLATION: of the wrappers with the same text Elysia keeps only the first, and the requests of
  // another tenancy would be served without a scope. integration/http/elysia.test.ts
  const text = `kirayedar ${(count += 1)}`;
  return Object.assign(wrap, { toString: () => text });
}

function decideElysia(
  tenancy: HttpTenancy,
  request: Request,
  settings: HttpSettings<Request, ElysiaHandler>,
  remoteAddress: ElysiaOptions["remoteAddress"],
): MaybePromise<Decision> {
  if (settings.skip?.(request) === true) return SKIPPED;
  const { onUnknown, trusts } = settings;
  const read = readServerRequest(request, {
    node: nodePartsOf(request),
    raw: request,
    remoteAddress: remoteAddress && (() => remoteAddress(request)),
    target: targetOf(request.url),
    trusts,
  });
  return decide(tenancy, read, onUnknown);
}

function strip(request: Request, { resolution }: Decision): Request {
  if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) return request;
  return withTarget(request, resolution.strippedUrl);
}

function decisionFor(outcomes: WeakMap<Request, Outcome>, request: Request): Decision {
  const outcome = outcomes.get(request);
  if (outcome === undefined) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "Elysia has not called what the tenant plugin wraps it in.",
      {
        remedy: "Remove `aot: false` from the application, and hand on the request as it came.",
      },
    );
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.decision;
}

function checkApp(app: AnyElysia): void {
  const { config, wrap } = app as { config?: { aot?: boolean }; wrap?: unknown };
  if (typeof wrap !== "function") {
    throw new TenancyError("UNSUPPORTED_PEER", "`tenantPlugin` was used in what is no Elysia 1.4.");
  }
  if (config?.aot === false) {
    throw new TenancyError("INVALID_CONFIG", "Elysia ignores what wraps it with `aot: false`.", {
      remedy: "Remove the option `aot`.",
    });
  }
}
