import { answerApi } from "./answer-api.ts";
import { explain, RequestError, statusOf } from "./api/problem.ts";
import type { Mount } from "./mount.ts";
import { rawRequestOf } from "./raw-request.ts";
import { safeFields } from "./safe-fields.ts";
import { type AdminPerson, parsePerson } from "./security/authorize.ts";

/** Answers one request; never rejects. */
export async function answer(mount: Mount, request: Request): Promise<Response> {
  const { basePath, tenancy } = mount.console;
  const { pathname } = new URL(request.url);
  const isApi = pathname.startsWith(`${basePath}/api/`);
  try {
    checkHost(mount, request);
    if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) {
      throw new RequestError(
        "NOT_FOUND",
        `The console is mounted at ${basePath}/; if that is wrong, set \`basePath\`.`,
      );
    }
    // With a slash at the end or without one, as frameworks redirect from the one to the other.
    const path = pathname.slice(basePath.length + 1).replace(/\/$/, "");
    // ISOLATION: in the scope of a request that came in for a tenant, `authorize` would read that tenant's
    // people, and hooks would run in it. integration/admin/scope.test.ts
    return await tenancy.scopeGlobal(async () => {
      const person = await authorizeRequest(mount, request);
      if (person === null) return refuseStranger(mount, isApi);
      return await tenancy.actingAs({ id: person.person, via: "console" }, () =>
        isApi
          ? answerApi(mount, {
              isAllowed: () => isStillAllowed(mount, request, person),
              path: path.slice("api/".length),
              person,
              request,
            })
          : answerPage(mount, path, request),
      );
    });
  } catch (error) {
    return refuse(mount, error, isApi);
  }
}

/** A name that an attacker has pointed at this address makes a page of theirs one of this origin. */
function checkHost({ hosts }: Mount, request: Request): void {
  if (hosts === undefined) return;
  const host = request.headers.get("host") ?? new URL(request.url).host;
  if (!hosts.includes(host.toLowerCase())) {
    throw new RequestError("FORBIDDEN", "The console does not answer under this host.");
  }
}

async function authorizeRequest(mount: Mount, request: Request): Promise<AdminPerson | null> {
  try {
    return parsePerson(await mount.authorize(request, rawRequestOf(request)));
  } catch (error) {
    mount.console.tenancy.logger.error(safeFields(error), "console authorisation failed");
    throw new RequestError("INTERNAL", "It could not be found out who you are.");
  }
}

/** Whether the person of a request that goes on would be let in now. */
async function isStillAllowed(
  mount: Mount,
  request: Request,
  { person }: AdminPerson,
): Promise<boolean> {
  try {
    const now = await mount.console.tenancy.scopeGlobal(() => authorizeRequest(mount, request));
    return now?.person === person;
  } catch {
    return false;
  }
}

function refuseStranger({ signInUrl }: Mount, isApi: boolean): Response {
  if (!isApi && signInUrl !== undefined) {
    return new Response(null, { headers: { location: signInUrl }, status: 303 });
  }
  throw new RequestError("UNAUTHORIZED", "You are not signed in.");
}

function answerPage(mount: Mount, path: string, request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new RequestError("METHOD_NOT_ALLOWED", "Pages are read, by GET.", { allow: "GET, HEAD" });
  }
  return mount.pages.serve(path, request);
}

function refuse({ console }: Mount, error: unknown, isApi: boolean): Response {
  const problem = explain(error);
  if (problem.code === "INTERNAL" && !(error instanceof RequestError)) {
    console.tenancy.logger.error(safeFields(error), "console request failed");
  }
  const headers = error instanceof RequestError ? error.headers : {};
  const status = statusOf(error);
  if (isApi) return Response.json({ error: problem }, { headers, status });
  return new Response(`${problem.message}\n`, {
    headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
    status,
  });
}
