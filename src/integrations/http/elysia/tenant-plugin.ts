import type { AnyElysia, Context, Elysia } from "elysia";
import type { Resolution } from "../../../core/resolution.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { setTenantHeader } from "../common/node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import type { Refusal } from "../common/status.ts";
import { refuse } from "./guards.ts";
import { decisionFor, type Handle, type Outcome, wrapHandler } from "./wrap-handler.ts";

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
      .onRequest(async (context) => {
        const decision = decisionFor(outcomes, context.request);
        const { refusal } = decision;
        const { headers } = context.set;
        const { responseHeader } = settings;
        setTenantHeader((key, value) => (headers[key] = value), responseHeader, decision);
        if (refusal === undefined) return undefined;
        const handler = settings.handlers[refusal.kind];
        return await refuse(context, refusal, { ...settings, handler });
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
