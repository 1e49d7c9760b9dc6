import { createServer } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ROUTES } from "../../../src/admin/api/routes.ts";
import type { DomainView, Problem, TenantDetails } from "../../../src/admin/contract.ts";
import { type AdminPerson, toNodeListener } from "../../../src/admin/index.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { type AdminClient, openClient, ORIGIN } from "../../support/admin-client.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";
import type { RunningServer } from "../http/support/app.ts";
import { listen } from "../http/support/listen.ts";

describe("the console, at its edges", () => {
  let database: TestDatabase;
  let tenancy: Tenancy;
  let client: AdminClient;
  let server: RunningServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    tenancy = createTenancy({
      database: pg({ connectionString: database.url }),
      migrations: { global: [], tenant: [] },
    });
    await tenancy.migrateGlobal();
    await tenancy.create("acme");
    client = openClient(tenancy);
    server = await listen(createServer(toNodeListener(client.admin)));
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  afterAll(async () => {
    await server.close();
    await tenancy.close();
    await database.drop();
  });

  it("lets nobody change anything who may only read, nor destroy who may only operate", async () => {
    const changes = ROUTES.filter(({ method }) => method !== "GET");
    expect(changes.length).toBeGreaterThan(14);
    const send = async (route: (typeof ROUTES)[number], person: string): Promise<string> => {
      const path = route.path.replace("{slug}", "acme").replace(/\{\w+\}/g, "x");
      const sending = { body: {}, person };
      const { body } = await client.send<Problem>(route.method, `api/${path}`, sending);
      return body.error.code;
    };
    for (const route of changes) {
      expect([route.path, await send(route, "eve:read")]).toEqual([route.path, "FORBIDDEN"]);
    }
    const destructive = changes.filter(({ permission }) => permission === "destroy");
    expect(destructive.map(({ path }) => path)).toEqual([
      "tenants/{slug}/rollback",
      "tenants/{slug}/drop",
    ]);
    for (const route of destructive) expect(await send(route, "bob:operate")).toBe("FORBIDDEN");
  });

  it("has a place for tenants with the names of its own words", async () => {
    for (const slug of ["check", "new"]) {
      await client.operate("api/tenants", { slug });
      expect(await client.get<TenantDetails>(`api/tenants/${slug}`)).toMatchObject({ slug });
      const changed = await client.send("PATCH", `api/tenants/${slug}`, { body: { name: "A" } });
      expect(changed.status).toBe(200);
      await client.operate(`api/tenants/${slug}/drop`, { confirm: slug });
    }
  });

  it("refuses what a verb does not know", async () => {
    const body = { steps: 2, verb: "migrate" };
    expect((await client.send("POST", "api/runs", { body })).status).toBe(400);
  });

  it("records who changed a tenant's domains", async () => {
    const dora = openClient(tenancy, { authorize: () => ({ may: "operate", person: "dora" }) });
    const path = "api/tenants/acme/domains";
    const body = { domain: "shop.acme.test", trusted: true };
    await dora.send<DomainView>("POST", path, { body });
    const { entries } = await tenancy.audit({ limit: 1 });
    expect(entries[0]).toMatchObject({ actor: { id: "dora", via: "console" }, tenant: "acme" });
  });

  it("ends a stream of events whose listener is signed out", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const scopes = new Set<string | undefined>();
    let person: AdminPerson | null = { may: "read", person: "ada" };
    const { admin } = openClient(tenancy, {
      authorize: () => {
        scopes.add(tenancy.currentScope()?.kind);
        return person;
      },
    });
    const open = (): Promise<Response> => admin(new Request(`${ORIGIN}/admin/api/events`));
    const [first, second] = [await open(), await tenancy.withTenant("acme", open)];
    expect(first.headers.get("cache-control")).toBe("no-store, no-transform");
    const reading = Promise.all([first.text(), second.text()]);
    await vi.advanceTimersByTimeAsync(30_000);
    person = null;
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await reading).every((all) => all.includes("still here"))).toBe(true);
    expect([...scopes]).toEqual(["global"]);
  });

  it("goes on with a connection whose last body nobody read", async () => {
    const known = "Host: x\r\nx-test-person: ada:destroy\r\ncontent-type: application/json\r\n";
    const last = `GET /admin/api/session HTTP/1.1\r\n${known}Connection: close\r\n\r\n`;
    const large = "x".repeat(200_000);
    const answers = async (...sent: string[]): Promise<string[]> => {
      const socket = connect(server.port, "127.0.0.1");
      for (const part of [...sent, last]) socket.write(part);
      return [...(await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code = ""]) => code);
    };
    const post = "POST /admin/api/runs HTTP/1.1\r\n";
    const sized = "Content-Length: 200000\r\n\r\n";
    expect(await answers(`${post}Host: x\r\n${sized}`, large)).toEqual(["401", "200"]);
    expect(await answers(post + known + sized, large)).toEqual(["413", "200"]);
    const chunked = `${post}${known}Transfer-Encoding: chunked\r\n\r\n30d40\r\n`;
    expect(await answers(chunked, `${large}\r\n0\r\n\r\n`)).toEqual(["413", "200"]);
    expect(await answers(`TRACE /admin/ HTTP/1.1\r\n${known}\r\n`)).toEqual(["405", "200"]);
  });
});
