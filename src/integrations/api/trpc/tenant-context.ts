import type { IncomingMessage } from "node:http";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { type Decision, decide } from "../../http/common/decide.ts";
import { readFetchRequest } from "../../http/common/fetch-request.ts";
import { decideNode } from "../../http/common/node-scope.ts";
import {
  type HttpSettings,
  type HttpTenancy,
  parseHttpOptions,
} from "../../http/common/options.ts";
import { hasDecision } from "../../http/common/request-state.ts";
import type { TrustProxy } from "../../http/common/trust-proxy.ts";
import { refusalError } from "./trpc-error.ts";

/** The part of a tenancy that procedures use. */
export type TrpcTenancy = HttpTenancy & Pick<Tenancy, "tenant">;

/** How {@link tenantContext} finds the tenant. */
export interface TenantContextOptions {
  /** Which peers' `X-Forwarded-Host` counts; as in the HTTP adapters. Default `false`. */
  readonly trustProxy?: TrustProxy;
  /** Tells the peer's address of a Fetch request, for `trustProxy`. */
  readonly remoteAddress?: (request: Request) => string | undefined;
}

/** What `createContext` gets from every adapter: at least the request. */
export interface CreateContextOptions {
  /** The request of `node:http`, or of Fetch. */
  readonly req: IncomingMessage | Request;
}

const SCOPE = Symbol("kirayedar.scope");

/** What {@link tenantContext} puts into the context. */
export interface TenantContext {
  /** The tenant of the request; `undefined` in the global scope. */
  readonly tenant: Tenant | undefined;
}

/**
 * Makes a `createContext` that finds the tenant of the request by itself, for every adapter: one HTTP
 * request is of one tenant, however many procedures are in its batch. Without a tenant that is served
 * it is refused, with the code of tRPC that fits.
 *
 * It enters nothing: `tenantScope` does, for each procedure. Behind an adapter of the toolkit
 * (`tenantMiddleware` and its like) it is not needed, and takes the scope that is there.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function tenantContext(
  tenancy: TrpcTenancy,
  options: TenantContextOptions = {},
): (create: CreateContextOptions) => Promise<TenantContext> {
  const { remoteAddress, trustProxy = false } = options;
  const settings = parseHttpOptions<unknown, never>({ trustProxy });
  return async ({ req }) => {
    if (hasDecision(req, tenancy)) return contextOf(tenancy.currentScope());
    const { refusal, resolution, tenant } = await decideRequest(
      tenancy,
      req,
      settings,
      remoteAddress,
    );
    if (refusal !== undefined) throw refusalError(refusal);
    if (tenant !== undefined) return contextOf(scopeOf(tenant));
    return contextOf(resolution?.kind === "global" ? GLOBAL_SCOPE : undefined);
  };
}

/** Returns the scope that a context was made in, if {@link tenantContext} has made it. */
export function scopeOfContext(context: unknown): Scope | undefined {
  return (context as { readonly [SCOPE]?: Scope } | null | undefined)?.[SCOPE];
}

/** The scope is a property, so that a context that is spread into another one takes it along. */
function contextOf(scope: Scope | undefined): TenantContext {
  const tenant = scope?.kind === "tenant" ? scope.tenant : undefined;
  return { [SCOPE]: scope, tenant } as TenantContext;
}

async function decideRequest(
  tenancy: TrpcTenancy,
  request: IncomingMessage | Request,
  settings: HttpSettings<unknown, never>,
  remoteAddress: TenantContextOptions["remoteAddress"],
): Promise<Decision> {
  if (!isFetch(request)) {
    // Routers of Express cut the path that they are mounted at.
    const url = (request as { originalUrl?: string }).originalUrl;
    return decideNode(tenancy, { raw: request, request, settings, url });
  }
  const read = readFetchRequest(request, {
    raw: request,
    remoteAddress: remoteAddress?.(request),
    trusts: settings.trusts,
  });
  return decide(tenancy, read, settings.onUnknown);
}

function isFetch(request: IncomingMessage | Request): request is Request {
  return typeof (request.headers as Partial<Headers>).get === "function";
}
