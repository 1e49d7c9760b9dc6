import { TenancyError } from "../../../errors/tenancy-error.ts";
import { decide } from "../common/decide.ts";
import { type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { renderRefusal } from "../common/reply.ts";
import { hostOf } from "./decide-next.ts";
import { checkRuntime } from "./environment.ts";
import { TARGET_HEADER, targetSigner } from "./signed-target.ts";

/** The part of `NextRequest` that is used here. */
interface ProxyRequest extends Request {
  readonly nextUrl: { readonly pathname: string; readonly search: string; clone(): URL };
}

/** The part of Next's `NextResponse` that is used here. */
interface ResponseClass<Res> {
  next(init: { request: { headers: Headers } }): Res;
  rewrite(url: URL, init: { request: { headers: Headers } }): Res;
}

/** What {@link tenantProxy} needs of Next, and how it treats requests. */
export interface NextProxyOptions<Res> {
  /** `NextResponse` of `next/server`. */
  readonly NextResponse: ResponseClass<Res>;
  /** See `HttpOptions`. */
  readonly onUnknown?: "respond" | "pass";
  /** Whether `X-Forwarded-Host` counts. Default `false`; the same as for `tenantNext`. */
  readonly trustProxy?: boolean;
  /** What `Retry-After` says, in seconds. Default 30. */
  readonly retryAfterSeconds?: number;
  /** Requests that are not resolved, such as health checks and pages for everybody. */
  readonly skip?: (request: Request) => boolean;
  /**
   * Signs what is handed on; at least 32 characters, and the same as for `tenantNext`. Default: random
   * in each process, which is right wherever `next start` runs both.
   */
  readonly secret?: string;
}

/** What `proxy.ts` exports. */
export type NextProxy<Res> = (request: ProxyRequest) => Promise<Res | Response>;

/**
 * Makes what `proxy.ts` exports: answers requests of no tenant before anything is rendered, and takes
 * off a path prefix that named the tenant, which pages could not see.
 *
 * Pages and routes do not rely on it. A header that tells them the path as it was asked for is
 * always taken off what comes from outside, is signed, and counts only with its signature.
 *
 * @example
 * ```ts
 * export const proxy = tenantProxy(tenancy, { NextResponse });
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option and in the edge runtime
 */
export function tenantProxy<Res>(
  tenancy: HttpTenancy,
  options: NextProxyOptions<Res>,
): NextProxy<Res> {
  checkRuntime();
  const { NextResponse, skip } = options;
  const { onUnknown = "respond", retryAfterSeconds = 30, trustProxy = false } = options;
  parseHttpOptions({ onUnknown, retryAfterSeconds, trustProxy, ...(skip && { skip }) });
  if (typeof NextResponse?.rewrite !== "function" || typeof trustProxy !== "boolean") {
    throw new TenancyError("INVALID_CONFIG", "`tenantProxy` was called with a wrong option.", {
      remedy: "Pass `NextResponse` of `next/server`; `trustProxy` is true or false.",
    });
  }
  const signer = targetSigner(options.secret);
  return async (request) => {
    const headers = new Headers(request.headers);
    // ISOLATION: what comes from outside under our name says nothing. unit/http/next.test.ts
    headers.delete(TARGET_HEADER);
    if (skip?.(request) === true) return NextResponse.next({ request: { headers } });
    const { pathname, search } = request.nextUrl;
    const url = pathname + search;
    const host = hostOf(headers, trustProxy);
    const read = { headers: (name: string) => headers.get(name), host, raw: request, url };
    const { refusal, resolution } = await decide(tenancy, read, onUnknown);
    if (refusal !== undefined) {
      const accept = headers.get("accept") ?? undefined;
      const reply = renderRefusal(refusal, accept, retryAfterSeconds);
      return new Response(reply.body, { headers: reply.headers, status: reply.status });
    }
    headers.set(TARGET_HEADER, await signer.sign(String(host), url));
    if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) {
      return NextResponse.next({ request: { headers } });
    }
    const target = request.nextUrl.clone();
    const query = resolution.strippedUrl.indexOf("?");
    target.pathname = query < 0 ? resolution.strippedUrl : resolution.strippedUrl.slice(0, query);
    return NextResponse.rewrite(target, { request: { headers } });
  };
}
