import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Tenancy, Tenant } from "kirayedar";
import { type TenantRequest, withTenant } from "kirayedar/node";
import {
  adminPage,
  landingPage,
  messagePage,
  type Note,
  notesPage,
  type TenantRow,
} from "./pages.ts";
import { describeError } from "./tenancy.ts";

const LONGEST_FORM_BYTES = 4_096;

/** Makes the server of the demo; `port` is asked for when pages are made, as it may be chosen late. */
export function createApp(tenancy: Tenancy, port: () => number): Server {
  const sorry =
    (title: string, text: string) =>
    (
      _request: IncomingMessage,
      response: ServerResponse,
      { status }: { readonly status: number },
    ): void =>
      send(response, status, messagePage(title, text, port()));

  const listener = withTenant(
    tenancy,
    async (request, response) => {
      try {
        if (request.method !== "GET" && request.method !== "HEAD" && !isSameOrigin(request)) {
          return send(
            response,
            403,
            messagePage("Refused", "This form came from elsewhere.", port()),
          );
        }
        if (request.tenant !== undefined) return await serveNotes(request, response);
        return await serveAdmin(request, response);
      } catch (error) {
        fail(response, error);
      }
    },
    {
      handlers: {
        suspended: sorry(
          "Suspended",
          "This tenant is suspended. Its data are safe, and nobody is served.",
        ),
        unavailable: sorry("One moment", "The database cannot be reached."),
        unknown: async (request, response, { status }) => {
          if (isApex(request)) return send(response, 200, landingPage(await allTenants(), port()));
          return send(
            response,
            status,
            messagePage("Nobody here", "No tenant has this address.", port()),
          );
        },
      },
    },
  );

  async function serveNotes(request: TenantRequest, response: ServerResponse): Promise<void> {
    const [, id, verb] = /^\/notes\/(\d{1,18})\/(pin|delete)$/.exec(request.url ?? "") ?? [];
    if (request.method === "GET" && request.url === "/") return showNotes(request, response);
    if (request.method !== "POST") return notFound(response);
    if (verb === "pin") {
      await tenancy.query("update notes set is_pinned = not is_pinned where id = $1", [id]);
    } else if (verb === "delete") await tenancy.query("delete from notes where id = $1", [id]);
    else if (request.url === "/notes") {
      const body = (await readForm(request)).get("body")?.trim() ?? "";
      if (body === "" || body.length > 500) {
        return showNotes(request, response, 400, "A note has between 1 and 500 characters.");
      }
      await tenancy.query("insert into notes (body) values ($1)", [body]);
    } else return notFound(response);
    redirect(response, "/");
  }

  async function showNotes(
    request: TenantRequest,
    response: ServerResponse,
    status = 200,
    problem?: string,
  ): Promise<void> {
    const { rows } = await tenancy.query<Note>(
      "select id, body, is_pinned, created_at from notes order by is_pinned desc, id desc limit 100",
    );
    send(response, status, notesPage(request.tenant as Tenant, rows, problem));
  }

  async function serveAdmin(request: TenantRequest, response: ServerResponse): Promise<void> {
    const { method, url } = request;
    if (method === "GET" && url === "/") return showAdmin(response);
    const [, slug, verb] =
      /^\/tenants\/([a-z0-9_-]+)\/(suspend|resume|drop)$/.exec(url ?? "") ?? [];
    if (method !== "POST" || (slug === undefined && url !== "/tenants")) return notFound(response);
    const form = await readForm(request);
    try {
      if (slug === undefined) {
        const name = form.get("name")?.trim();
        await tenancy.create(form.get("slug")?.trim() ?? "", name ? { name } : {});
      } else if (verb === "suspend") await tenancy.suspend(slug);
      else if (verb === "resume") await tenancy.resume(slug);
      else if (form.get("confirm") === slug) await tenancy.drop(slug);
      else return await showAdmin(response, 400, `Nothing was dropped: type “${slug}” to confirm.`);
    } catch (error) {
      const { status, text } = describeError(error);
      return showAdmin(response, status, text);
    }
    redirect(response, "/");
  }

  async function showAdmin(
    response: ServerResponse,
    status = 200,
    problem?: string,
  ): Promise<void> {
    const rows: TenantRow[] = [];
    for (const tenant of await allTenants()) rows.push({ notes: await countNotes(tenant), tenant });
    send(response, status, adminPage(rows, port(), problem));
  }

  /** An explicit handle needs no ambient scope, and enters a suspended tenant when it is told to. */
  async function countNotes(tenant: Tenant): Promise<number | null> {
    if (tenant.state !== "active" && tenant.state !== "suspended") return null;
    const handle = await tenancy.tenant(tenant, { allow: ["active", "suspended"] });
    const { rows } = await handle.query<{ n: number }>("select count(*)::int as n from notes");
    return rows[0]?.n ?? null;
  }

  async function allTenants(): Promise<readonly Tenant[]> {
    return (await tenancy.list({ limit: 1_000 })).tenants;
  }

  function notFound(response: ServerResponse): void {
    send(response, 404, messagePage("Not found", "There is no such page.", port()));
  }

  function fail(response: ServerResponse, error: unknown): void {
    const status = error instanceof FormError ? 413 : 500;
    console.error(error);
    if (response.headersSent) response.destroy();
    else send(response, status, messagePage("That did not work", "Something went wrong.", port()));
  }

  return createServer(listener);
}

function isApex(request: IncomingMessage): boolean {
  return /^localhost(?::\d+)?$/.test(request.headers.host ?? "") && request.url === "/";
}

/** A form of another site would be sent with the visitor's own address book of cookies. */
function isSameOrigin(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  return origin === undefined || origin === `http://${host}`;
}

class FormError extends Error {}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_FORM_BYTES) throw new FormError("The form is too large.");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "cache-control": "no-store",
    "content-security-policy":
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "content-type": "text/html; charset=utf-8",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location });
  response.end();
}
