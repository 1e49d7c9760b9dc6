import type { ResolveRequest } from "../../../core/resolution.ts";

/** The part of `http.IncomingMessage`, and of its HTTP/2 counterpart, that is read here. */
export interface NodeRequestLike {
  /** Names and values by turns, as received. */
  readonly rawHeaders: readonly string[];
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Target of the request, as the framework has it now. */
  url?: string | undefined;
  /** Target as received, where a framework keeps it. */
  originalUrl?: string | undefined;
  /** The connection. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | null;
}

/** How {@link readNodeRequest} reads. */
export interface ReadOptions {
  /** Whether the peer with this address may name the host. */
  readonly trusts: (remoteAddress: string | undefined) => boolean;
  /** The URL to resolve, where it is not `request.url`. */
  readonly url?: string | undefined;
  /** The framework's own request, for resolvers that are functions. */
  readonly raw: unknown;
}

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i;

/** Reads from a Node request what resolvers look at. `host` is a list unless there is exactly one. */
export function readNodeRequest(request: NodeRequestLike, options: ReadOptions): ResolveRequest {
  const target = options.url ?? request.url ?? "/";
  return {
    headers: request.headers,
    host: one(hostsOf(request, options.trusts)),
    raw: options.raw,
    url: originForm(target),
  };
}

function one(values: readonly string[]): string | readonly string[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

/** Returns every host that the request names; more than one, or none, is malformed. */
function hostsOf(
  request: NodeRequestLike,
  trusts: (remoteAddress: string | undefined) => boolean,
): readonly string[] {
  const hosts: string[] = [];
  const authorities: string[] = [];
  const forwarded: string[] = [];
  const { rawHeaders } = request;
  // ISOLATION: `request.headers` keeps the first of several `Host` headers, while a proxy before it
  // may have gone by the last one. integration/http/conformance.test.ts
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1] ?? "";
    switch (rawHeaders[i]?.toLowerCase() ?? "") {
      case "host":
        hosts.push(value);
        break;
      case ":authority":
        authorities.push(value);
        break;
      case "x-forwarded-host":
        forwarded.push(...splitList(value));
        break;
      default:
    }
  }
  const absolute = ABSOLUTE.exec(request.originalUrl ?? request.url ?? "")?.[1];
  if (absolute !== undefined) authorities.push(absolute);
  const named = merge(hosts, authorities);
  // ISOLATION: anybody can send this header; it counts only from a peer that is known to set it.
  // integration/http/conformance.test.ts
  if (forwarded.length === 0 || named.length > 1 || !trusts(request.socket?.remoteAddress)) {
    return named;
  }
  return forwarded;
}

/**
 * The target's own authority may repeat the `Host` header but not contradict it: an application that
 * reads one and a resolver that reads the other would disagree about the tenant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
 */
function merge(hosts: readonly string[], authorities: readonly string[]): readonly string[] {
  const [host] = hosts;
  if (host === undefined) return authorities;
  const others = authorities.filter((other) => other.toLowerCase() !== host.toLowerCase());
  return [...hosts, ...others];
}

/** Splits a header that holds a list; an empty value stays one value. */
export function splitList(value: string): readonly string[] {
  return value.split(",").map((part) => part.trim());
}

/** Returns path and query of a request target, also of one in absolute form. */
function originForm(target: string): string {
  const rest = ABSOLUTE.exec(target)?.[2];
  if (rest === undefined) return target;
  return rest.startsWith("/") ? rest : `/${rest}`;
}
