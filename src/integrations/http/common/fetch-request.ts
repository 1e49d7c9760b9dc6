import type { ResolveRequest } from "../../../core/resolution.ts";
import { splitList } from "./node-request.ts";

/** How {@link readFetchRequest} reads. */
export interface FetchReadOptions {
  /** Whether the peer with this address may name the host. */
  readonly trusts: (remoteAddress: string | undefined) => boolean;
  /** Address of the peer, where the runtime tells it. */
  readonly remoteAddress: string | undefined;
  /** The framework's own request, for resolvers that are functions. */
  readonly raw: unknown;
}

/**
 * Reads from a Fetch request what resolvers look at: the host from the `Host` header, or from the
 * URL if there is none.
 */
export function readFetchRequest(request: Request, options: FetchReadOptions): ResolveRequest {
  const url = new URL(request.url);
  return {
    headers: (name) => request.headers.get(name),
    host: hostOf(request, url, options),
    raw: options.raw,
    url: url.pathname + url.search,
  };
}

function hostOf(request: Request, url: URL, options: FetchReadOptions): string | readonly string[] {
  // ISOLATION: `Headers` joins several headers of one name with commas, which no host name has.
  // integration/http/conformance.test.ts
  const hosts = splitList(request.headers.get("host") ?? url.host);
  const forwarded = request.headers.get("x-forwarded-host");
  const named =
    forwarded === null || hosts.length > 1 || !options.trusts(options.remoteAddress)
      ? hosts
      : splitList(forwarded);
  const [first] = named;
  return named.length === 1 && first !== undefined ? first : named;
}

/**
 * Returns a request like `request` for another path and query; method, headers, body and signal
 * are kept. Its body is the same stream: `request` itself can no longer be read.
 *
 * @param target - path and query, such as `"/notes?page=2"`
 */
export function withTarget(request: Request, target: string): Request {
  return new Request(urlWithTarget(request.url, target), request);
}

/** Returns a URL with the path and query of `target`. */
export function urlWithTarget(base: string, target: string): URL {
  const url = new URL(base);
  const query = target.indexOf("?");
  // Set part by part: resolved against a base, `//other.example/` would name another host.
  url.pathname = query === -1 ? target : target.slice(0, query);
  url.search = query === -1 ? "" : target.slice(query);
  return url;
}
