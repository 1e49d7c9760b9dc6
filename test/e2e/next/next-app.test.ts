import { afterAll, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type Answer, send, type SendOptions } from "../../integration/http/support/client.ts";
import { openTenancy, type PgTestPool } from "../../integration/http/support/open-tenancy.ts";
import { describePeers } from "../../support/peers.ts";
import { buildApp, type BuiltApp, type RunningApp } from "./support.ts";

const SLUGS = ["acme", "globex"] as const;

describePeers("an application that is built and started", "next", ({ set }) => {
  let tenancy: Tenancy<PgTestPool>;
  let built: BuiltApp;
  let app: RunningApp;
  let drop: () => Promise<void>;

  const ask = (path: string, slug: string, options: SendOptions = {}): Promise<Answer> =>
    send(app.port, path, { host: `${slug}.example.com`, ...options });
  const json = async (path: string, slug: string, options?: SendOptions): Promise<unknown> =>
    JSON.parse((await ask(path, slug, options)).body);
  /** The text of a page, in the order of its document; React puts comments between its parts. */
  const textOf = (html: string): string =>
    [...html.matchAll(/<i>(.*?)<\/i>/g)]
      .map(([, text = ""]) => text.replaceAll("<!-- -->", ""))
      .join(" ");

  beforeAll(async () => {
    const opened = await openTenancy();
    ({ drop, tenancy } = opened);
    for (const slug of SLUGS) {
      await tenancy.create(slug);
      await tenancy.withTenant(slug, () =>
        tenancy.pool.query("insert into note (body) values ($1)", [`of ${slug}`]),
      );
    }
    built = await buildApp(set, opened.url);
    app = await built.start();
  }, 180_000);
  afterAll(async () => {
    await app?.stop();
    built?.remove();
    await tenancy.close();
    await drop();
  });

  it("gives each request its tenant, forty at a time, in handlers, pages and components", async () => {
    const inHandler = async (slug: string): Promise<void> => {
      expect(await json("/notes", slug)).toEqual({ notes: [`of ${slug}`], seen: true, slug });
    };
    const inPage = async (slug: string): Promise<void> => {
      const { body, status } = await ask("/", slug);
      // A component below the page runs in no scope unless it has one of its own.
      const text = `page ${slug}; bare none; data of ${slug}; scoped ${slug};`;
      expect([status, textOf(body)]).toEqual([200, text]);
    };
    const jobs = Array.from({ length: 40 }, (_, job) =>
      (job % 4 < 2 ? inHandler : inPage)(SLUGS[job % 2] ?? ""),
    );
    await Promise.all(jobs);
  });

  it("keeps the scope while a body is read and while one is streamed", async () => {
    const post = { body: "b".repeat(300_000), method: "POST" };
    await tenancy.create("stream");
    const answers = await Promise.all([
      json("/notes", "stream", post),
      ask("/stream", "globex"),
      ask("/stream", "acme"),
    ]);
    expect(answers[0]).toEqual(["stream", "stream"]);
    expect(answers.slice(1).map((answer) => (answer as Answer).body)).toEqual([
      "globex;".repeat(4),
      "acme;".repeat(4),
    ]);
  });

  it("runs server actions in the tenant's scope, and none for nobody", async () => {
    await tenancy.create("actor");
    const page = await ask("/", "actor");
    const action = /name="(\$ACTION_ID_[0-9a-f]+)"/.exec(page.body)?.[1] ?? "";
    const submit = (slug: string, text: string): Promise<Answer> => {
      const origin = `http://${slug}.example.com`;
      const boundary = "----form";
      const field = (name: string, value: string): string =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      return ask("/", slug, {
        body: `${field(action, "")}${field("body", text)}--${boundary}--\r\n`,
        headers: { "content-type": `multipart/form-data; boundary=${boundary}`, origin },
        method: "POST",
      });
    };
    const made = await Promise.all([1, 2, 3, 4].map((number) => submit("actor", `note ${number}`)));
    expect(made.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const seen = await json("/notes", "actor");
    expect(seen).toMatchObject({ notes: ["note 1", "note 2", "note 3", "note 4"] });
    // The global scope is no tenant's.
    expect((await submit("admin", "for nobody")).status).toBe(500);
    expect((await json("/notes", "acme")) as object).toMatchObject({ notes: ["of acme"] });
  });

  it("refuses before it renders, and where proxy.ts does not run", async () => {
    const unknown = await ask("/", "nobody");
    expect([unknown.status, JSON.parse(unknown.body)]).toMatchObject([
      404,
      { error: "unknown_tenant" },
    ]);
    expect((await ask("/direct", "nobody")).status).toBe(404);
    expect((await ask("/direct-page", "nobody")).status).toBe(404);
    expect(await json("/direct", "globex")).toBe("globex");
    expect(textOf((await ask("/direct-page", "globex")).body)).toBe("page globex;");
  });

  it("believes no header from outside", async () => {
    const target = Buffer.from("/t/globex/notes").toString("base64url");
    const spoofs: Record<string, string>[] = [
      { "x-kirayedar-target": `${target}.${target}` },
      { "x-kirayedar-target": "/t/globex/notes" },
      { "x-kirayedar-target": "" },
      { "x-forwarded-host": "globex.example.com" },
      { forwarded: "host=globex.example.com" },
      { "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy", "x-tenant": "globex" },
    ];
    for (const headers of spoofs) {
      for (const path of ["/notes", "/", "/direct", "/direct-page"]) {
        const { body, status } = await ask(path, "acme", { headers });
        expect([200, 400, 500]).toContain(status);
        expect(body).not.toContain("globex");
        expect(status !== 200 || body.includes("acme")).toBe(true);
      }
    }
    const state = await json("/state", "acme", { headers: { "x-kirayedar-target": "/t/globex" } });
    expect(state).toMatchObject({ target: null });
    const direct = await ask("/direct", "acme", { headers: { "x-kirayedar-target": target } });
    expect(direct.status).toBe(400);
  });

  it("finds the tenant by a path prefix, which only proxy.ts can take off", async () => {
    const host = "example.com";
    const answer = await ask("/t/globex/notes", "", { host });
    expect(JSON.parse(answer.body)).toMatchObject({ notes: ["of globex"], slug: "globex" });
    expect(textOf((await ask("/t/acme", "", { host })).body)).toContain(
      "page acme; bare none; data of acme",
    );
    expect((await ask("/t/nobody/notes", "", { host })).status).toBe(404);
    expect((await ask("/direct", "", { host })).status).toBe(404);
  });

  it("keys its cache by tenant; Next's own key does not", async () => {
    const first = await json("/cached", "acme");
    const second = await json("/cached", "globex");
    expect(first).toMatchObject({ bare: ["of acme"], explicit: ["of acme"], own: ["of acme"] });
    // The trap: what the first tenant had cached is given to the second.
    expect(second).toMatchObject({
      bare: ["of acme"],
      explicit: ["of globex"],
      own: ["of globex"],
    });
    // "use cache" leaves the scope, so what relies on it is refused.
    expect(first).toMatchObject({ ambient: expect.stringContaining("Error") as string });
    expect(app.output()).toContain("TENANT_REQUIRED");
    await tenancy.withTenant("globex", () =>
      tenancy.pool.query("insert into note (body) values ('another')"),
    );
    expect(await json("/cached", "globex")).toMatchObject({ own: ["of globex"] });
    expect(await json("/notes", "globex")).toMatchObject({ notes: ["another", "of globex"] });
  });

  it("keeps the scope in what runs after the response, and lets redirects through", async () => {
    const jobs = SLUGS.map(async (slug) => {
      expect(await json(`/after?mark=${slug}`, slug)).toBe(slug);
      await expect.poll(() => app.output()).toContain(`after ${slug} ${slug} true;`);
      const { headers, status } = await ask("/redirect", slug);
      expect([status, headers["location"]]).toEqual([307, `/of-${slug}`]);
    });
    await Promise.all(jobs);
  });

  it("tells nobody what proxy.ts has signed", async () => {
    for (const path of ["/notes", "/", "/redirect", "/nowhere", "/state"]) {
      const { body, headers } = await ask(path, "acme");
      expect(JSON.stringify(headers) + body).not.toContain("kirayedar-target");
    }
  });

  it("has one tenancy for all of its bundles, and errors of handlers are Next's", async () => {
    expect(await json("/state", "nobody")).toMatchObject({ made: 1, runtime: "nodejs" });
    expect((await ask("/throw", "acme")).status).toBe(500);
    expect(app.output()).toContain("thrown on purpose");
  });

  it("serves the admin console, its files, and its path with a slash or without one", async () => {
    const headers = { authorization: "Bearer ci" };
    const from = (path: string): Promise<Answer> => ask(path, "admin", { headers });
    const page = await from("/admin");
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('href="/admin/"')]);
    const [script = "none"] = /assets\/[\w-]+\.js/.exec(page.body) ?? [];
    expect((await from(`/admin/${script}`)).status).toBe(200);
    // Next redirects, and must not be redirected back.
    const moved = await from("/admin/");
    expect([moved.status, moved.headers["location"]]).toEqual([308, "/admin"]);
    const session = JSON.parse((await from("/admin/api/session")).body) as unknown;
    expect(session).toMatchObject({ person: "ci" });
    expect(JSON.stringify(session)).toMatch(/"version":"\d+\./);
    expect((await ask("/admin/api/session", "admin")).status).toBe(401);
  });
});
