import { checkValue } from "../../src/admin/api/check-value.ts";
import { COMPONENTS } from "../../src/admin/api/components.ts";
import { findRoute } from "../../src/admin/api/find-route.ts";
import { ROUTES } from "../../src/admin/api/routes.ts";
import { ref } from "../../src/admin/api/schema.ts";
import { createAdmin, type Admin } from "../../src/admin/index.ts";
import type { AdminOptions } from "../../src/admin/mount.ts";
import { CSRF_HEADER, type Operation, type Session } from "../../src/admin/contract.ts";
import type { Tenancy } from "../../src/core/tenancy.ts";

/** What came back. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** How one request is sent. */
export interface Sending {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly person?: string;
}

/** A console, and somebody at a browser who uses it. */
export interface AdminClient {
  readonly admin: Admin;
  /** Routes that have answered with success, such as `GET session`. */
  readonly answered: ReadonlySet<string>;
  /** Sends a request as a browser does, with the cookie and the token of its session. */
  send<T = unknown>(method: string, path: string, sending?: Sending): Promise<Answer<T>>;
  get<T>(path: string): Promise<T>;
  /** Sends a change, and waits until what it began has ended. */
  operate(path: string, body?: unknown): Promise<Operation>;
}

export const ORIGIN = "http://console.test";

/** Mounts a console that lets in who is named in the header `x-test-person`, such as `ada:operate`. */
export function openClient(tenancy: Tenancy, options: Partial<AdminOptions> = {}): AdminClient {
  const admin = createAdmin({
    authorize: (request) => {
      const [person = "", may] = (request.headers.get("x-test-person") ?? "").split(":");
      return person === "" ? null : { may: may as "read", person };
    },
    rateLimit: false,
    tenancy,
    ...options,
  });
  const answered = new Set<string>();
  let cookie = "";
  let token = "";

  async function send<T>(method: string, path: string, sending: Sending = {}): Promise<Answer<T>> {
    const { body, headers = {}, person = "ada:destroy" } = sending;
    const response = await admin(
      new Request(`${ORIGIN}${admin.basePath}/${path}`, {
        headers: {
          "sec-fetch-site": "same-origin",
          "x-test-person": person,
          ...(cookie !== "" && { cookie }),
          ...(method !== "GET" && { [CSRF_HEADER]: token, origin: ORIGIN }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        method,
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookie = set.split(";")[0] ?? "";
    const text = await response.text();
    const isJson = text !== "" && response.headers.get("content-type")?.includes("json") === true;
    if (path.startsWith("api/") && method !== "OPTIONS" && method !== "HEAD")
      note(method, path, response.status, isJson ? JSON.parse(text) : undefined);
    return {
      body: (isJson ? JSON.parse(text) : text) as T,
      headers: response.headers,
      status: response.status,
    };
  }

  /** Every answer is what the document promises. */
  function note(method: string, path: string, status: number, body: unknown): void {
    if (status >= 400) {
      const failure = checkValue(ref("Problem"), body, COMPONENTS);
      if (failure !== undefined) throw new Error(`${method} ${path}: ${failure}`);
      return;
    }
    const { route } = findRoute(ROUTES, method, path.slice("api/".length).replace(/\?.*$/, ""));
    answered.add(`${route.method} ${route.path}`);
    if (status !== route.status) throw new Error(`${method} ${path}: ${status}`);
    if (route.answer === undefined || route.answer === "events") return;
    const failure = checkValue(route.answer, body, COMPONENTS);
    if (failure !== undefined) throw new Error(`${method} ${path}: ${failure}`);
  }

  async function operate(path: string, body: unknown = {}): Promise<Operation> {
    if (token === "") ({ csrfToken: token } = (await send<Session>("GET", "api/session")).body);
    const begun = await send<Operation>("POST", path, { body });
    if (begun.status !== 202) throw new Error(JSON.stringify(begun.body));
    let operation = begun.body;
    while (operation.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, 20));
      operation = (await send<Operation>("GET", `api/operations/${operation.id}`)).body;
    }
    return operation;
  }

  return {
    admin,
    answered,
    get: async <T>(path: string) => (await send<T>("GET", path)).body,
    operate,
    send: async <T>(method: string, path: string, sending: Sending = {}) => {
      if (token === "" && method !== "GET") {
        ({ csrfToken: token } = (await send<Session>("GET", "api/session")).body);
      }
      return await send<T>(method, path, sending);
    },
  };
}
