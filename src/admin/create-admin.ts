import { answer } from "./answer.ts";
import { type AdminOptions, toMount } from "./mount.ts";
import { protect } from "./security/headers.ts";

/** The console: a function from request to response, for whatever speaks Fetch. */
export interface Admin {
  /** Answers one request. Never rejects. */
  (request: Request): Promise<Response>;
  /** Path that it is mounted at, without a slash at its end. */
  readonly basePath: string;
  /** Ends the streams of events, and stops runs over the fleet before their next tenant. */
  close(): void;
}

/**
 * Creates the admin console of a tenancy: its pages, and the JSON API below `api/`. It works in the global
 * scope, whatever scope it is called in. It ends when the tenancy is closed.
 *
 * @example
 * ```ts
 * app.use("/admin", toNodeListener(createAdmin({ tenancy, authorize })));
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option, and without `authorize`
 */
export function createAdmin(options: AdminOptions): Admin {
  const mount = toMount(options);
  const { basePath, live, operations, tenancy } = mount.console;
  const close = (): void => {
    tenancy.closing.removeEventListener("abort", close);
    operations.close();
    live.close();
  };
  tenancy.closing.addEventListener("abort", close, { once: true });
  const admin = async (request: Request): Promise<Response> => {
    const response = await answer(mount, request);
    protect(response.headers);
    if (request.method !== "HEAD") return response;
    await response.body?.cancel();
    return new Response(null, response);
  };
  return Object.assign(admin, { basePath, close });
}
