import type { AnyTRPCMiddlewareFunction } from "@trpc/server";
import type { Resolution } from "../../../core/resolution.ts";
import { captureScope, type InScope, type Scope } from "../../../core/scope.ts";
import type { Tenant } from "../../../core/tenant.ts";
import { refusalFor } from "../../http/common/status.ts";
import { bindIterable, isAsyncIterable } from "./bind-iterable.ts";
import { scopeOfContext, type TrpcTenancy } from "./tenant-context.ts";
import { errorFor, refusalError, trpcError } from "./trpc-error.ts";

/** The part of what tRPC gives to a middleware that is used here. */
export interface MiddlewareOptions {
  /** The context. */
  readonly ctx: object;
  /** Continues with the procedure. */
  readonly next: (options: { readonly ctx: { readonly tenant: Tenant } }) => Promise<unknown>;
}

declare const given: Parameters<AnyTRPCMiddlewareFunction>[0];

/** What tRPC takes for the result of a middleware that adds the tenant to the context. */
export type TenantResult = ReturnType<typeof given.next<{ tenant: Tenant }>>;

/** A middleware for `t.procedure.use` whose procedures have `ctx.tenant`. */
export type TenantScopeMiddleware = (options: MiddlewareOptions) => TenantResult;

/** What a middleware hands back, as far as it matters here. */
interface ResultLike {
  readonly ok?: boolean;
  readonly data?: unknown;
  readonly error?: { readonly cause?: unknown };
}

/**
 * Makes a middleware whose procedures run in the tenant's scope, and are refused without one. What a
 * subscription gives later is made in the scope too.
 *
 * The tenant is that of {@link tenantContext}, looked up again for each procedure, as the context of a
 * WebSocket lives for hours; or that of the adapter in front. Errors of the toolkit get the code of
 * tRPC that fits.
 *
 * @example
 * ```ts
 * const t = initTRPC.context<TenantContext>().create();
 * const tenantProcedure = t.procedure.use(tenantScope(tenancy));
 * const router = t.router({
 *   notes: tenantProcedure.query(async () => (await tenancy.query("select * from notes")).rows),
 * });
 * createHTTPServer({ createContext: tenantContext(tenancy), router }).listen(3000);
 * ```
 */
export function tenantScope(tenancy: TrpcTenancy): TenantScopeMiddleware {
  return async (options) => {
    try {
      const resolution = await resolutionOf(tenancy, scopeOfContext(options.ctx));
      // ISOLATION: a batch, and a connection, have one context for many procedures, each of which has
      // a scope of its own that the others cannot change. integration/api/trpc.test.ts
      return await tenancy.enter(resolution, () => proceed(tenancy, options, resolution));
    } catch (error) {
      throw errorFor(error) ?? error;
    }
  };
}

async function proceed(
  tenancy: TrpcTenancy,
  { next }: MiddlewareOptions,
  resolution: Resolution,
): Promise<Awaited<TenantResult>> {
  if (resolution.kind !== "tenant") throw refusalError(refusalFor("tenantRequired", resolution));
  const inScope = captureScope();
  const result = await next({ ctx: { tenant: resolution.tenant } });
  const check = (): Promise<void> => checkUnchanged(tenancy, resolution.tenant);
  return finish(result as ResultLike, inScope, check) as Awaited<TenantResult>;
}

/** Rejects, with an error for the client, when a tenant may not be entered or its schema has a new name. */
async function checkUnchanged(tenancy: TrpcTenancy, { id, schemaName }: Tenant): Promise<void> {
  let now: Tenant;
  try {
    ({ tenant: now } = await tenancy.tenant({ id }));
  } catch (error) {
    throw errorFor(error) ?? error;
  }
  if (now.schemaName === schemaName) return;
  throw trpcError("SERVICE_UNAVAILABLE", "The tenant was renamed; subscribe again.");
}

async function resolutionOf(tenancy: TrpcTenancy, made: Scope | undefined): Promise<Resolution> {
  if (made?.kind === "tenant") {
    const { tenant } = await tenancy.tenant({ id: made.tenant.id });
    return { kind: "tenant", tenant };
  }
  const scope = made ?? tenancy.currentScope();
  if (scope === undefined) return { kind: "unknown" };
  return scope;
}

function finish(result: ResultLike, inScope: InScope, check: () => Promise<void>): ResultLike {
  if (result.ok === false) {
    const error = errorFor(result.error?.cause);
    return error === undefined ? result : { ...result, error };
  }
  const { data } = result;
  if (isAsyncIterable(data)) return { ...result, data: bindIterable(data, inScope, check) };
  return isObservable(data) ? { ...result, data: bindObservable(data, inScope) } : result;
}

/** The older form of a subscription. */
interface ObservableLike {
  readonly subscribe: (observer: unknown) => unknown;
}

function isObservable(value: unknown): value is ObservableLike {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<ObservableLike>).subscribe === "function"
  );
}

function bindObservable(source: ObservableLike, inScope: InScope): ObservableLike {
  const subscribe = (observer: unknown): unknown => {
    const subscription = inScope(() => source.subscribe(observer)) as {
      readonly unsubscribe: () => unknown;
    };
    // Whoever ends it is in no scope, or in another request's.
    return { ...subscription, unsubscribe: () => inScope(() => subscription.unsubscribe()) };
  };
  return { ...source, subscribe };
}
