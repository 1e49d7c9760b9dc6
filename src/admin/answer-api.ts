import { checkValue } from "./api/check-value.ts";
import { COMPONENTS } from "./api/components.ts";
import { findRoute } from "./api/find-route.ts";
import { RequestError } from "./api/problem.ts";
import { type Call, requirePermission, type Route } from "./api/route.ts";
import { NOTHING } from "./api/schema.ts";
import { ROUTES } from "./api/routes.ts";
import type { Mount } from "./mount.ts";
import { readBody } from "./read-body.ts";
import { readQuery } from "./read-query.ts";
import type { AdminPerson } from "./security/authorize.ts";
import { checkCsrf, csrfPair } from "./security/csrf.ts";

/** A request of somebody who is known. */
export interface ApiRequest {
  /** Below `api/`. */
  readonly path: string;
  /** Whether they would be let in now; never rejects. */
  readonly isAllowed: () => Promise<boolean>;
  /** Who asks. */
  readonly person: AdminPerson;
  /** The request. */
  readonly request: Request;
}

/**
 * Answers a request to the API: route, permission, then for changes where it comes from and how many there
 * were, then what it says.
 *
 * @throws RequestError what is wrong with it; TenancyError what went wrong
 */
export async function answerApi(
  mount: Mount,
  { isAllowed, path, person: { may, person }, request }: ApiRequest,
): Promise<Response> {
  if (request.method === "OPTIONS") return answerOptions(path);
  const { params, route } = findRoute(ROUTES, request.method, path);
  requirePermission(may, route.permission);
  const { basePath } = mount.console;
  if (route.method !== "GET") {
    checkCsrf(request, person, { basePath, origins: mount.origins });
    mount.limiter?.take(person);
  }
  const { setCookie, token } = csrfPair(request, person, basePath);
  const call: Call = {
    body: await readChecked(route, request, mount.maxBodyBytes),
    console: mount.console,
    csrfToken: token,
    isAllowed,
    may,
    params,
    person,
    query: readQuery(new URL(request.url).searchParams, route.query ?? {}),
    request,
  };
  const result = await route.handle(call as Call<never, never>);
  const response = toResponse(route, result);
  if (route.path === "session" && setCookie !== undefined) {
    response.headers.append("set-cookie", setCookie);
  }
  return response;
}

/** Another origin that asks what it may do is told nothing: there are no headers of CORS. */
function answerOptions(path: string): Response {
  const allow = (["GET", "POST", "PATCH", "DELETE"] as const).filter((method) => {
    try {
      findRoute(ROUTES, method, path);
      return true;
    } catch {
      return false;
    }
  });
  if (allow.length === 0) throw new RequestError("NOT_FOUND", "There is no such address.");
  const all = [...allow, ...(allow.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  return new Response(null, { headers: { allow: all.join(", ") }, status: 204 });
}

async function readChecked(route: Route, request: Request, maxBytes: number): Promise<unknown> {
  if (route.method === "GET") return undefined;
  const body = await readBody(request, maxBytes);
  const schema = route.body ?? NOTHING;
  const failure = checkValue(schema, body, COMPONENTS);
  if (failure !== undefined) throw new RequestError("INVALID_REQUEST", failure);
  return body;
}

function toResponse({ status }: Route, result: unknown): Response {
  if (result instanceof Response) return result;
  if (result === undefined) return new Response(null, { status });
  return Response.json(result, { status });
}
