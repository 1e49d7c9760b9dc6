import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CSRF_HEADER, type Session, type TenantList } from "../../../src/admin/contract.ts";
import { createAdmin } from "../../../src/admin/index.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type AdminClient, openClient, ORIGIN, type Sending } from "../../support/admin-client.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";

describe("the console keeps out", () => {
  let database: TestDatabase;
  let tenancy: Tenancy;
  let client: AdminClient;
  let pages: string;
  const logged: unknown[] = [];
  const keep = (fields: object, message: string): void => void logged.push({ ...fields, message });
  const codeOf = async (method: string, path: string, sending?: Sending): Promise<unknown> => {
    const { body, status } = await client.send<{ error?: { code: string } }>(method, path, sending);
    return [status, body.error?.code];
  };
  const exists = async (slug: string): Promise<boolean> => await tenancy.exists(slug);

  beforeAll(async () => {
    database = await createTestDatabase();
    const logger = { debug: keep, error: keep, info: keep, warn: keep };
    tenancy = createTenancy({
      database: pg({ connectionString: database.url }),
      logger,
      migrations: {
        global: [],
        tenant: [{ name: "notes", up: "create table notes (text text)", version: "1" }],
      },
    });
    await tenancy.migrateGlobal();
    await tenancy.create("acme", { name: "<img src=x onerror=alert(1)>" });
    await tenancy.create("globex");
    pages = mkdtempSync(join(tmpdir(), "kirayedar-pages-"));
    mkdirSync(join(pages, "assets"));
    writeFileSync(join(pages, "index.html"), '<html><head><base href="./" /></head></html>');
    writeFileSync(join(pages, "assets", "index-B1c2D3e4.js"), "hello()");
    writeFileSync(join(pages, "..", "kirayedar-secret.txt"), "secret");
    client = openClient(tenancy, { pages });
  });
  afterAll(async () => {
    rmSync(pages, { recursive: true });
    rmSync(join(pages, "..", "kirayedar-secret.txt"), { force: true });
    await tenancy.close();
    await database.drop();
  });

  it("everybody, where nobody said who may come in", () => {
    expect(() => createAdmin({ tenancy } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG" }),
    );
    for (const basePath of ["admin", "/admin/", "/ad min", "/../x", '/"><script>', "//evil.test"]) {
      expect(() => openClient(tenancy, { basePath })).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG" }),
      );
    }
  });

  it("strangers, from pages and API alike", async () => {
    expect(await codeOf("GET", "api/tenants", { person: "" })).toEqual([401, "UNAUTHORIZED"]);
    expect(await codeOf("POST", "api/runs", { body: {}, person: "" })).toEqual([
      401,
      "UNAUTHORIZED",
    ]);
    expect((await client.send("GET", "", { person: "" })).status).toBe(401);
    expect((await client.send("GET", "assets/index-B1c2D3e4.js", { person: "" })).status).toBe(401);
    const polite = openClient(tenancy, { pages, signInUrl: "/sign-in" });
    const sent = await polite.send("GET", "tenants/acme", { person: "" });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/sign-in"]);
    expect((await polite.send("GET", "api/session", { person: "" })).status).toBe(401);
  });

  it("everybody, when the application's own function throws or returns something else", async () => {
    const answers: (() => unknown)[] = [
      () => true,
      () => ({ email: "ada@example.com" }),
      () => ({ may: "everything", person: "ada" }),
      () => ({ may: "read", person: "" }),
      () => ({ may: "read", person: "two\nlines" }),
      () => {
        throw new Error("password=hunter2");
      },
    ];
    for (const authorize of answers) {
      const odd = openClient(tenancy, { authorize: authorize as never, pages });
      const { body, status } = await odd.send("GET", "api/session");
      expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining("hunter2")]);
    }
    expect(logged).toContainEqual(
      expect.objectContaining({ message: "console authorisation failed" }),
    );
    expect(JSON.stringify(logged)).not.toContain("hunter2");
  });

  it("people from what they may not do", async () => {
    const reader = { body: {}, person: "eve:read" };
    const operator = { body: { confirm: "acme" }, person: "bob:operate" };
    for (const path of ["tenants", "runs", "migrations/global", "tenants/acme/suspend"]) {
      expect([path, await codeOf("POST", `api/${path}`, reader)]).toEqual([
        path,
        [403, "FORBIDDEN"],
      ]);
    }
    expect(await codeOf("PATCH", "api/tenants/acme", reader)).toEqual([403, "FORBIDDEN"]);
    expect(await codeOf("DELETE", "api/tenants/acme/domains/a.test", reader)).toEqual([
      403,
      "FORBIDDEN",
    ]);
    for (const action of ["drop", "rollback"]) {
      expect(await codeOf("POST", `api/tenants/acme/${action}`, operator)).toEqual([
        403,
        "FORBIDDEN",
      ]);
    }
    const bob = openClient(tenancy, {
      authorize: () => ({ may: "operate", person: "bob" }),
      pages,
    });
    const refused = await bob.send<{ error: { code: string } }>("POST", "api/runs", {
      body: { confirm: "rollback", verb: "rollback" },
    });
    expect([refused.status, refused.body.error.code]).toEqual([403, "FORBIDDEN"]);
    expect(await exists("acme")).toBe(true);
  });

  it("what is destroyed without its name", async () => {
    for (const confirm of [undefined, "", "globex", "ACME", "acme "]) {
      const body = confirm === undefined ? {} : { confirm };
      expect(await codeOf("POST", "api/tenants/acme/drop", { body })).toEqual([
        400,
        "INVALID_REQUEST",
      ]);
      expect(await codeOf("POST", "api/tenants/acme/rollback", { body })).toEqual([
        400,
        "INVALID_REQUEST",
      ]);
    }
    expect(await codeOf("POST", "api/runs", { body: { verb: "rollback" } })).toEqual([
      400,
      "INVALID_REQUEST",
    ]);
    expect(await exists("acme")).toBe(true);
  });

  it("other sites, and a tenant's own subdomain", async () => {
    const suspend = (headers: Record<string, string>): Promise<unknown> =>
      codeOf("POST", "api/tenants/acme/suspend", { body: {}, headers });
    expect(await suspend({ "sec-fetch-site": "cross-site" })).toEqual([403, "CSRF"]);
    expect(await suspend({ "sec-fetch-site": "same-site" })).toEqual([403, "CSRF"]);
    expect(await suspend({ "sec-fetch-site": "none" })).toEqual([403, "CSRF"]);
    // Another person's token, none, and one without its cookie.
    expect(await suspend({ [CSRF_HEADER]: "" })).toEqual([403, "CSRF"]);
    expect(await suspend({ "x-test-person": "mallory:destroy" })).toEqual([403, "CSRF"]);
    expect(await suspend({ cookie: "kirayedar-csrf=short" })).toEqual([403, "CSRF"]);
    expect(await tenancy.get("acme")).toMatchObject({ state: "active" });
  });

  it("other sites in browsers that say nothing but an origin", async () => {
    const { body, headers } = await client.send<Session>("GET", "api/session");
    expect(headers.getSetCookie()).toEqual([]);
    const old = async (origin: string, cookie: string): Promise<number> => {
      const sent = new Request(`${ORIGIN}/admin/api/tenants/globex`, {
        body: JSON.stringify({ name: "Globex" }),
        headers: {
          cookie,
          "content-type": "application/json",
          origin,
          [CSRF_HEADER]: body.csrfToken,
          "x-test-person": "ada:destroy",
        },
        method: "PATCH",
      });
      return (await client.admin(sent)).status;
    };
    const first = await openClient(tenancy, { pages }).send<Session>("GET", "api/session");
    const [cookie = ""] = first.headers.getSetCookie();
    expect(cookie).toMatch(/^kirayedar-csrf=[\w-]{43}; Path=\/admin; HttpOnly; SameSite=Strict$/);
    expect(await old("http://evil.test", cookie)).toBe(403);
    expect(await old("null", cookie)).toBe(403);
  });

  it("no program that brings a credential of its own", async () => {
    const program = (headers: Record<string, string> = {}): Promise<Response> =>
      client.admin(
        new Request(`${ORIGIN}/admin/api/tenants/globex`, {
          body: JSON.stringify({ name: "By curl" }),
          headers: {
            "content-type": "application/json",
            "x-test-person": "ci:operate",
            ...headers,
          },
          method: "PATCH",
        }),
      );
    expect((await program()).status).toBe(200);
    expect((await program({ cookie: "session=1" })).status).toBe(403);
    expect((await program({ origin: ORIGIN })).status).toBe(403);
  });

  it("cookies that a subdomain could set, where there is TLS", async () => {
    const answer = await client.admin(
      new Request("https://console.test/admin/api/session", {
        headers: { "x-test-person": "ada:read" },
      }),
    );
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-kirayedar-csrf=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  });

  it("what is no JSON, too large, or not in the schema", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const path = "api/tenants";
    expect(await codeOf("POST", path, { body: "slug=x", headers: form })).toEqual([
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ]);
    const text = { "content-type": "text/plain" };
    expect(await codeOf("POST", path, { body: '{"slug":"x"}', headers: text })).toEqual([
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ]);
    expect(await codeOf("POST", path, { body: "{" })).toEqual([400, "INVALID_REQUEST"]);
    expect(await codeOf("POST", path, { body: `"${"x".repeat(70_000)}"` })).toEqual([
      413,
      "TOO_LARGE",
    ]);
    const wrong: unknown[] = [
      {},
      [],
      null,
      { slug: 1 },
      { slug: ["x"] },
      { slug: "x", unknown: 1 },
      { slug: "x", domains: "a.test" },
      { slug: "x", seed: "yes" },
      '{"slug":"x","__proto__":{"seed":true}}',
    ];
    for (const body of wrong) {
      expect([body, await codeOf("POST", path, { body })]).toEqual([
        body,
        [400, "INVALID_REQUEST"],
      ]);
    }
    for (const query of [
      "limit=0",
      "limit=x",
      "limit=1&limit=2",
      "sort=id",
      "nothing=1",
      "state=x",
    ]) {
      expect([query, await codeOf("GET", `api/tenants?${query}`)]).toEqual([
        query,
        [400, "INVALID_REQUEST"],
      ]);
    }
    expect(await codeOf("GET", "api/tenants?cursor=nonsense")).toEqual([400, "INVALID_CURSOR"]);
    expect(await codeOf("GET", "api/tenants?search=%27%20or%201%3D1--")).toEqual([200, undefined]);
    expect(await codeOf("GET", "api/tenants/%E0%A4%A")).toEqual([404, "NOT_FOUND"]);
    expect(await codeOf("GET", "api/tenants/..%2F..")).toEqual([400, "INVALID_TENANT_ID"]);
  });

  it("who changes too much in a short time", async () => {
    const limited = openClient(tenancy, { pages, rateLimit: { burst: 2, perMinute: 60 } });
    const rename = (): Promise<{ status: number; headers: Headers }> =>
      limited.send("PATCH", "api/tenants/globex", { body: { name: "Globex" } });
    expect((await rename()).status).toBe(200);
    expect((await rename()).status).toBe(200);
    const third = await rename();
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await limited.send("GET", "api/tenants")).status).toBe(200);
  });

  it("scripts of others, frames, and what is stored in between", async () => {
    const page = await client.send<string>("GET", "tenants/acme");
    expect(page.body).toContain('<head><base href="/admin/"></head>');
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).not.toContain("unsafe");
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'none'",
      ]),
    );
    for (const path of ["tenants/acme", "api/session", "api/nothing"]) {
      const { headers } = await client.send("GET", path);
      expect(Object.fromEntries(headers)).toMatchObject({
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
    }
    const api = await client.send<TenantList>("GET", "api/tenants");
    expect(api.headers.get("cache-control")).toBe("no-store");
    expect(api.headers.get("content-type")).toBe("application/json");
    expect(api.body.tenants[0]?.name).toBe("<img src=x onerror=alert(1)>");
    const asset = await client.send("GET", "assets/index-B1c2D3e4.js");
    expect(asset.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    const etag = page.headers.get("etag") ?? "";
    expect((await client.send("GET", "", { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("files that are not the pages'", async () => {
    const paths = [
      "assets/../../kirayedar-secret.txt",
      "assets/..%2f..%2fkirayedar-secret.txt",
      "assets/%2e%2e/%2e%2e/kirayedar-secret.txt",
      "assets/../index.html%00.js",
      "assets//etc/passwd",
      "assets/nothing.js",
      "..%5ckirayedar-secret.txt",
    ];
    for (const path of paths) {
      const { body, status } = await client.send("GET", path);
      expect([path, String(body).includes("secret\n") || body === "secret"]).toEqual([path, false]);
      expect([path, path.startsWith("assets/") && !path.includes("../") ? status : 404]).toEqual([
        path,
        404,
      ]);
    }
  });

  it("methods that an address does not have, and questions of other origins", async () => {
    const wrong = await client.send("POST", "api/overview", { body: {} });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "HEAD, GET, OPTIONS"]);
    expect((await client.send("DELETE", "tenants/acme")).status).toBe(405);
    const asked = await client.send("OPTIONS", "api/tenants/acme", {
      headers: { "access-control-request-method": "PATCH", origin: "http://evil.test" },
    });
    expect([asked.status, asked.headers.get("allow")]).toEqual([204, "GET, PATCH, HEAD, OPTIONS"]);
    expect([...asked.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual(
      [],
    );
    const head = await client.send("HEAD", "api/tenants");
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  it("hosts that are not the console's, for a name may be pointed anywhere", async () => {
    const bound = openClient(tenancy, { hosts: ["console.test"], pages });
    expect((await bound.send("GET", "api/session")).status).toBe(200);
    const rebound = await bound.admin(
      new Request("http://evil.test/admin/api/session", {
        headers: { "x-test-person": "ada:read" },
      }),
    );
    expect(rebound.status).toBe(403);
  });

  it("nobody from the API when the pages are not built", async () => {
    const bare = openClient(tenancy, { pages: join(pages, "nowhere") });
    const page = await bare.send<string>("GET", "");
    expect([page.status, page.body]).toEqual([503, expect.stringContaining("The API works")]);
    expect((await bare.send("GET", "api/session")).status).toBe(200);
  });
});
