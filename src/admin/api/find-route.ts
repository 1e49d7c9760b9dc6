import { RequestError } from "./problem.ts";
import type { Route } from "./route.ts";

/** A route, and what the path names in it. */
export interface FoundRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request.
 *
 * @param path - below `api/`, as it is in the URL
 * @throws RequestError `NOT_FOUND`; `METHOD_NOT_ALLOWED`, with the header `Allow`
 */
export function findRoute(routes: readonly Route[], method: string, path: string): FoundRoute {
  const found = routes.flatMap((route) => {
    const params = matchPath(route.path, path);
    return params === undefined ? [] : [{ params, route }];
  });
  // A name in the path gives way to a word, where an address could be both.
  const wordy = found.filter(({ params }) => Object.keys(params).length === fewestNames(found));
  const wanted = method === "HEAD" ? "GET" : method;
  const exact = wordy.find(({ route }) => route.method === wanted);
  if (exact !== undefined) return exact;
  if (found.length === 0) throw new RequestError("NOT_FOUND", "There is no such address.");
  const allow = wordy.map(({ route }) => route.method);
  const all = [...(allow.includes("GET") ? ["HEAD"] : []), ...allow, "OPTIONS"].join(", ");
  throw new RequestError("METHOD_NOT_ALLOWED", `This address takes ${all}.`, { allow: all });
}

function fewestNames(found: readonly FoundRoute[]): number {
  return Math.min(...found.map(({ params }) => Object.keys(params).length));
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!part.startsWith("{")) {
      if (part !== value) return undefined;
      continue;
    }
    const decoded = decode(value);
    if (decoded === undefined || decoded === "") return undefined;
    params[part.slice(1, -1)] = decoded;
  }
  return params;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
