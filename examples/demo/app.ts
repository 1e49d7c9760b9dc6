import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Tenant } from "kirayedar";
import { type TenantRequest, withTenant } from "kirayedar/node";
import { type AdminForm, adminPage, type TenantRow } from "./admin-page.ts";
import { type Html, html } from "./html.ts";
import { landingPage, shownTenants } from "./landing-page.ts";
import { countNotes } from "./notes.ts";
import { notesPage } from "./notes-page.ts";
import { addressOf, messagePage } from "./pages.ts";
import { describeError, type OpenTenancy } from "./tenancy.ts";

const LONGEST_FORM_BYTES = 4_096;

/** Makes the server of the demo; `port` is asked for when pages are made, as it may be chosen late. */
export function createApp({ notes, tenancy }: OpenTenancy, port: () => number): Server {
  const listener = withTenant(
    tenancy,
    async (request, response) => {
      try {
        if (!isRead(request) && !isSameOrigin(request)) {
          return sendMessage(response, 403, "Refused", "This form came from elsewhere.");
        }
        if (request.tenant !== undefined) return await serveNotes(request, response);
        return await serveAdmin(request, response);
      } catch (error) {
        fail(response, error);
      }
    },
    {
      handlers: {
        suspended: (_request, response, { resolution, status }) => {
          const tenant = resolution?.kind === "suspended" ? resolution.tenant : undefined;
          const title = `${tenant?.name ?? tenant?.slug} is suspended`;
          const admin = `http://admin.localhost:${port()}/`;
          const text = html`Its data are safe, and nobody is served. The
            <a href="${admin}" target="_top">admin</a> can resume it.`;
          sendMessage(response, status, title, text);
        },
        unavailable: (_request, response, { status }) =>
          sendMessage(response, status, "One moment", "The database cannot be reached."),
        unknown: async (request, response, { status }) => {
          try {
            await serveNobody(request, response, status);
          } catch (error) {
            fail(response, error);
          }
        },
      },
    },
  );

  /** Requests in no tenant's name: the apex, and addresses that nobody has. */
  async function serveNobody(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
  ): Promise<void> {
    const [name, slug] =
      /^(?:([a-z0-9_-]+)\.)?localhost(?::\d+)?$/.exec(request.headers.host ?? "") ?? [];
    if (name === undefined) {
      return sendMessage(response, status, "Nobody here", "No tenant has this address.");
    }
    if (slug !== undefined) {
      const admin = `http://admin.localhost:${port()}/?slug=${slug}`;
      const text = html`No tenant has the address <code>${addressOf(slug, port())}</code>.
        <a href="${admin}" target="_top">Create it</a>, if you like.`;
      return sendMessage(response, status, "Nobody here", text);
    }
    if (!isRead(request) || urlOf(request).pathname !== "/") return notFound(response);
    const tenants = await allTenants();
    const shown = shownTenants(tenants).map((tenant) => `http://${addressOf(tenant.slug, port())}`);
    send(
      response,
      200,
      landingPage(tenants, port()),
      `frame-ancestors 'none'; frame-src ${shown.join(" ")}`,
    );
  }

  async function serveNotes(request: TenantRequest, response: ServerResponse): Promise<void> {
    const [, id, verb] = /^\/notes\/(\d{1,18})\/(pin|delete)$/.exec(request.url ?? "") ?? [];
    if (isRead(request) && urlOf(request).pathname === "/") return showNotes(request, response);
    if (request.method !== "POST") return notFound(response);
    if (verb === "pin" && id !== undefined) {
      await notes.togglePin(id);
      return redirect(response, `/#note-${id}`);
    }
    if (verb === "delete" && id !== undefined) {
      await notes.remove(id);
      return redirect(response, "/#body");
    }
    if (request.url === "/notes") {
      const body = (await readForm(request)).get("body")?.trim() ?? "";
      if (body === "" || body.length > 500) {
        return showNotes(request, response, 400, "A note has between 1 and 500 characters.");
      }
      await notes.add(body);
      // Back to the input, for the next one.
      return redirect(response, "/#body");
    }
    notFound(response);
  }

  async function showNotes(
    request: TenantRequest,
    response: ServerResponse,
    status = 200,
    problem?: string,
  ): Promise<void> {
    const body = notesPage(request.tenant as Tenant, await notes.list(), { port: port(), problem });
    send(response, status, body, `frame-ancestors http://localhost:${port()}`);
  }

  async function serveAdmin(request: TenantRequest, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = urlOf(request);
    if (isRead(request) && pathname === "/") {
      return showAdmin(response, 200, await greet(searchParams));
    }
    const [, slug, verb] = /^\/tenants\/([a-z0-9_-]+)\/(suspend|resume|drop)$/.exec(pathname) ?? [];
    if (request.method !== "POST" || (slug === undefined && pathname !== "/tenants")) {
      return notFound(response);
    }
    const form = await readForm(request);
    if (slug === undefined) return createTenant(response, form);
    try {
      if (verb === "drop") {
        if (form.get("confirm") !== slug) {
          const problem = `Nothing was dropped: type “${slug}” to confirm.`;
          return await showAdmin(response, 400, { problem });
        }
        await tenancy.drop(slug);
        return redirect(response, `/?dropped=${slug}`);
      }
      await (verb === "suspend" ? tenancy.suspend(slug) : tenancy.resume(slug));
    } catch (error) {
      const { status, text } = describeError(error);
      return showAdmin(response, status, { problem: text });
    }
    redirect(response, `/#tenant-${slug}`);
  }

  async function createTenant(response: ServerResponse, form: URLSearchParams): Promise<void> {
    const [slug = "", name = ""] = ["slug", "name"].map((key) => form.get(key)?.trim());
    try {
      await tenancy.create(slug, name === "" ? {} : { name });
    } catch (error) {
      const { status, text } = describeError(error);
      return showAdmin(response, status, { name, problem: text, slug });
    }
    redirect(response, `/?made=${slug}#tenant-${slug}`);
  }

  /** Says what the last form did, if it is true; nobody can make the page say something else. */
  async function greet(search: URLSearchParams): Promise<AdminForm> {
    const [made, dropped, slug] = ["made", "dropped", "slug"].map((key) => search.get(key));
    const slugs = new Set((await allTenants()).map((tenant) => tenant.slug));
    if (made && slugs.has(made)) {
      const address = addressOf(made, port());
      return { done: html`Created: <a href="http://${address}/">${address}</a>` };
    }
    if (dropped && /^[a-z0-9_-]{1,56}$/.test(dropped) && !slugs.has(dropped)) {
      return { done: html`Dropped: “${dropped}”, its schema and all its data` };
    }
    return slug && !slugs.has(slug) ? { slug } : {};
  }

  async function showAdmin(
    response: ServerResponse,
    status: number,
    form: AdminForm,
  ): Promise<void> {
    const rows: TenantRow[] = [];
    for (const tenant of await allTenants()) rows.push({ notes: await count(tenant), tenant });
    send(response, status, adminPage(rows, port(), form));
  }

  /** An explicit handle needs no ambient scope, and enters a suspended tenant when it is told to. */
  async function count(tenant: Tenant): Promise<number | null> {
    if (tenant.state !== "active" && tenant.state !== "suspended") return null;
    const handle = await tenancy.tenant(tenant, { allow: ["active", "suspended"] });
    return await countNotes(handle);
  }

  async function allTenants(): Promise<readonly Tenant[]> {
    return (await tenancy.list({ limit: 1_000 })).tenants;
  }

  function notFound(response: ServerResponse): void {
    sendMessage(response, 404, "Not found", "There is no such page.");
  }

  function fail(response: ServerResponse, error: unknown): void {
    if (error instanceof FormError) {
      return sendMessage(response, 413, "Too long", "This form is too large.");
    }
    console.error(error);
    if (response.headersSent) response.destroy();
    else sendMessage(response, 500, "That did not work", "Something went wrong.");
  }

  /** The first page shows the pages of tenants, also when they have only this to say. */
  function sendMessage(
    response: ServerResponse,
    status: number,
    title: string,
    text: string | Html,
  ): void {
    const policy = `frame-ancestors http://localhost:${port()}`;
    send(response, status, messagePage(title, text, port()), policy);
  }

  return createServer(listener);
}

function isRead({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  return new URL(`http://localhost${url.startsWith("/") ? url : "/"}`);
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
  const sent = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
  // Not every database has text with a null character in it.
  for (const [key, text] of sent) sent.set(key, text.replaceAll("\0", ""));
  return sent;
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  frames = "frame-ancestors 'none'",
): void {
  response.writeHead(status, {
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; ${frames}`,
    "content-type": "text/html; charset=utf-8",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location });
  response.end();
}
