import type { Resolver } from "../core/resolution.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

// ISOLATION: of `/t/globex/../acme/notes`, a proxy that checks paths reads acme, and may pass the path
// on as it came. Browsers never send such a one. unit/resolvers/resolvers.test.ts
const DOT_SEGMENT = /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\]|%2f|%5c|$)/i;

/**
 * Returns a resolver of the slug in the path, `/t/acme/notes`; the request goes on as `/notes`. A
 * path with `.` or `..` for a segment is malformed: it could be read in two ways.
 *
 * @param prefix - what stands before the slug, such as `"/t"`. Default nothing: `/acme/notes`, and
 *   then every path names a tenant, `/favicon.ico` too
 * @throws TenancyError `INVALID_CONFIG`
 */
export function pathPrefix(prefix: string = ""): Resolver {
  const start = parsePrefix(prefix);
  return {
    identify: ({ url }) => {
      if (!url?.startsWith(start)) return undefined;
      const path = url.slice(start.length);
      const end = path.search(/[/?#]/);
      const slug = end < 0 ? path : path.slice(0, end);
      if (slug === "") return undefined;
      if (DOT_SEGMENT.test(path.replace(/[?#].*$/s, ""))) {
        return { kind: "invalid", reason: "the path has a segment of dots" };
      }
      // Escapes are not decoded: no slug needs one, and routers do not agree on them.
      return { kind: "slug", slug, strippedUrl: strip(end < 0 ? "" : path.slice(end)) };
    },
    name: `path ${start}:slug`,
  };
}

/** Two slashes, or a backslash, at the beginning would make the next segment a host. */
function strip(rest: string): string {
  return `/${rest.replace(/^[/\\]+/, "")}`;
}

function parsePrefix(prefix: unknown): string {
  if (typeof prefix === "string" && /^\/?(?:[\w~.-]+(?:\/[\w~.-]+)*)?\/?$/.test(prefix)) {
    return `/${prefix}/`.replace(/\/+/g, "/");
  }
  throw new TenancyError("INVALID_CONFIG", "The prefix of `pathPrefix` is not a path.", {
    remedy: 'Pass one such as "/t", or none.',
  });
}
