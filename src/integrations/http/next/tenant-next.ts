import type { MaybePromise } from "../../../core/resolution.ts";
import { captureScope } from "../../../core/scope.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { bindResponse } from "../common/bind.ts";
import { enterDecision } from "../common/decide.ts";
import { type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { type Refusal, refusalFor } from "../common/status.ts";
import { callCached, type CachedOptions, type UnstableCache } from "./cached.ts";
import { decideNext, type HeadersLike, type NextSettings } from "./decide-next.ts";
import { checkRuntime } from "./environment.ts";
import { targetSigner } from "./signed-target.ts";

/** What {@link tenantNext} needs of Next, and how it treats requests. */
export interface NextTenancyOptions {
  /** `headers` of `next/headers`. */
  readonly headers: () => PromiseLike<HeadersLike>;
  /** `notFound` of `next/navigation`: called where a page has no tenant. Default: an error. */
  readonly notFound?: () => never;
  /** `unstable_cache` of `next/cache`, for `cached`. */
  readonly unstable_cache?: UnstableCache;
  /** See `HttpOptions`. Actions are refused in any case. */
  readonly onUnknown?: "respond" | "pass";
  /** Whether `X-Forwarded-Host` counts: the peer's address is not known here. Default `false`. */
  readonly trustProxy?: boolean;
  /** What `Retry-After` says, in seconds. Default 30. */
  readonly retryAfterSeconds?: number;
  /** The `secret` of {@link tenantProxy}, where that runs in another process. */
  readonly secret?: string;
}

/** A route handler: a request, and what Next passes beside it. */
export type NextHandler<Req extends Request, Rest extends unknown[]> = (
  request: Req,
  ...rest: Rest
) => MaybePromise<Response>;

/** Wrappers that run what Next calls in the tenant's scope. */
export interface TenantNext {
  /** For route handlers: `export const GET = withTenant(async (request) => …)`. */
  readonly withTenant: <Req extends Request = Request, Rest extends unknown[] = []>(
    handler: NextHandler<Req, Rest>,
  ) => (request: Req, ...rest: Rest) => Promise<Response>;
  /** For server actions. Refuses calls in the name of no tenant. */
  readonly tenantAction: <Args extends unknown[], T>(
    action: (...args: Args) => MaybePromise<T>,
  ) => (...args: Args) => Promise<T>;
  /**
   * For the functions by which pages and other server components get their data, and for components
   * themselves. A scope entered around a page would not reach the components in it: React calls them
   * later. Reads the headers, so that what calls it is rendered for each request.
   */
  readonly scoped: <Args extends unknown[], T>(
    fn: (...args: Args) => MaybePromise<T>,
  ) => (...args: Args) => Promise<T>;
  /**
   * Like `scoped`, and remembers results with `unstable_cache`, each tenant's apart. With `"use cache"`
   * pass the tenant as an argument in place of this: Next calls such functions without a scope.
   */
  readonly cached: <Args extends unknown[], T>(
    fn: (...args: Args) => Promise<T>,
    keyParts: readonly string[],
    options?: CachedOptions,
  ) => (...args: Args) => Promise<T>;
}

/**
 * Makes the wrappers for one application of Next 16. Each finds the tenant by the request's own host
 * again, so that nothing depends on `proxy.ts`.
 *
 * @example
 * ```ts
 * export const { scoped, tenantAction, withTenant } = tenantNext(tenancy, { headers, notFound });
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option and in the edge runtime; in a request
 *   `UNSUPPORTED_PEER` where `headers()` gives no promise, as before Next 15
 */
export function tenantNext(tenancy: HttpTenancy, options: NextTenancyOptions): TenantNext {
  checkRuntime();
  const { headers, notFound, retryAfterSeconds = 30, unstable_cache: cache } = options;
  const settings = checkOptions(tenancy, options);
  const inScope = async <T>(isAction: boolean, fn: () => MaybePromise<T>): Promise<T> => {
    const found = await readHeaders(headers);
    const decision = await decideNext(settings, found, { raw: found, url: undefined });
    return enterDecision(tenancy, decision, async (decision) => {
      const { refusal, resolution, tenant } = decision;
      if (refusal !== undefined) return refuseRender(refusal, notFound);
      if (isAction && tenant === undefined) refuseRender(refusalFor("tenantRequired", resolution));
      return await fn();
    });
  };
  return {
    cached: (fn, keyParts, options = {}) => {
      if (typeof cache !== "function") {
        throw new TenancyError("INVALID_CONFIG", "`cached` needs Next's own cache.", {
          remedy: "Pass `unstable_cache` of `next/cache` to `tenantNext`.",
        });
      }
      return (...args) =>
        inScope(false, () =>
          callCached(cache, tenancy.currentScope(), { args, fn, keyParts, options }),
        );
    },
    scoped:
      (fn) =>
      (...args) =>
        inScope(false, () => fn(...args)),
    tenantAction:
      (action) =>
      (...args) =>
        inScope(true, () => action(...args)),
    withTenant:
      (handler) =>
      async (request, ...rest) => {
        const url = targetOf(request);
        const decision = await decideNext(settings, request.headers, { raw: request, url });
        return enterDecision(tenancy, decision, async ({ refusal }) => {
          if (refusal === undefined) {
            return bindResponse(await handler(request, ...rest), captureScope());
          }
          const accept = request.headers.get("accept") ?? undefined;
          const { body, headers, status } = renderRefusal(refusal, accept, retryAfterSeconds);
          return new Response(body, { headers, status });
        });
      },
  };
}

function checkOptions(tenancy: HttpTenancy, options: NextTenancyOptions): NextSettings {
  const { headers, onUnknown = "respond", retryAfterSeconds = 30, trustProxy = false } = options;
  parseHttpOptions({ onUnknown, retryAfterSeconds, trustProxy });
  if (typeof headers !== "function" || typeof trustProxy !== "boolean") {
    throw new TenancyError("INVALID_CONFIG", "`tenantNext` was called with a wrong option.", {
      remedy: "Pass `headers` of `next/headers`; `trustProxy` is true or false.",
    });
  }
  return { onUnknown, signer: targetSigner(options.secret), tenancy, trustProxy };
}

async function readHeaders(headers: () => PromiseLike<HeadersLike>): Promise<HeadersLike> {
  const found: Partial<PromiseLike<HeadersLike>> = headers();
  if (typeof found.then === "function") return await (found as PromiseLike<HeadersLike>);
  throw new TenancyError("UNSUPPORTED_PEER", "`headers()` gave no promise: this is not Next 16.");
}

function targetOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

/** Ends a render or an action that is refused: neither has a status of its own. */
function refuseRender(refusal: Refusal, notFound?: () => never): never {
  const { cause, kind, message, resolution } = refusal;
  if (kind === "unknown" && notFound !== undefined) notFound();
  if (cause !== undefined) throw cause as Error;
  const tenant =
    resolution !== undefined && "tenant" in resolution ? resolution.tenant.slug : undefined;
  const isThere = kind === "suspended" || kind === "maintenance" || kind === "provisioning";
  throw new TenancyError(isThere ? "TENANT_NOT_ACTIVE" : "TENANT_REQUIRED", message, { tenant });
}
