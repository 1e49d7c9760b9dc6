import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type PgTestPool, openTenancy } from "./support/open-tenancy.ts";
import { NOTE_APPS } from "./support/note-app.ts";
import type { RunningServer } from "./support/app.ts";
import { type Answer, send, type SendOptions } from "./support/client.ts";

const SLUGS = ["acme", "globex", "initech", "umbrella", "hooli"];

describe.each(Object.entries(NOTE_APPS))("notes of tenants, through %s", (_, serveNotes) => {
  let tenancy: Tenancy<PgTestPool>;
  let server: RunningServer;
  let drop: () => Promise<void>;

  const ask = (path: string, slug: string, options: SendOptions = {}): Promise<Answer> =>
    send(server.port, path, { host: `${slug}.example.com`, ...options });
  const add = async (slug: string, body: string): Promise<void> => {
    const headers = { "content-type": "text/plain" };
    const { status } = await ask("/notes", slug, { body, headers, method: "POST" });
    if (status !== 201) throw new Error(`A note was not added: ${status}.`);
  };
  const notes = async (slug: string): Promise<unknown> =>
    JSON.parse((await ask("/notes", slug)).body);

  beforeAll(async () => {
    ({ drop, tenancy } = await openTenancy());
    for (const slug of SLUGS) await tenancy.create(slug);
    server = await serveNotes(tenancy);
    for (const slug of SLUGS) {
      for (const number of [1, 2, 3]) {
        await add(slug, `${slug} ${number}`);
      }
    }
  });
  afterAll(async () => {
    await server.close();
    await tenancy.close();
    await drop();
  });

  const threeOf = (slug: string): string[] => [1, 2, 3].map((number) => `${slug} ${number}`);

  it("are each tenant's own, sixty requests at a time", async () => {
    const jobs = Array.from({ length: 60 }, async (_, job) => {
      const slug = SLUGS[job % SLUGS.length] ?? "";
      const [path, expected] =
        job % 3 === 0
          ? ["/export", `${threeOf(slug).join(";")};`]
          : ["/notes", JSON.stringify(threeOf(slug))];
      expect((await ask(path, slug)).body).toBe(expected);
    });
    await Promise.all(jobs);
  });

  it("are found by a path prefix", async () => {
    const answer = await send(server.port, "/t/globex/notes", { host: "example.com" });
    expect(JSON.parse(answer.body)).toEqual(threeOf("globex"));
  });

  it("are nobody's without a tenant, and out of reach in two names", async () => {
    expect((await ask("/notes", "nobody")).status).toBe(404);
    expect((await send(server.port, "/notes", { host: "example.com" })).status).toBe(404);
    expect((await send(server.port, "/notes", { host: "public.example.com" })).status).toBe(404);
    expect((await ask("/t/globex/notes", "acme")).status).toBe(400);
    expect((await ask("/notes", "acme", { host: "acme.example.com@x" })).status).toBe(400);
  });

  it("are out of reach while the tenant is suspended or in maintenance, at once", async () => {
    await tenancy.suspend("hooli");
    expect((await ask("/notes", "hooli")).status).toBe(403);
    await tenancy.resume("hooli");
    await tenancy.startMaintenance("hooli");
    const answer = await ask("/notes", "hooli");
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "30"]);
    await tenancy.resume("hooli");
    expect(await notes("hooli")).toEqual(threeOf("hooli"));
  });

  it("are healthy until a schema is missing", async () => {
    const healthy = await send(server.port, "/health", { host: "10.0.0.1" });
    expect([healthy.status, JSON.parse(healthy.body)]).toEqual([
      200,
      { checked: SLUGS.length, status: "ok", unhealthy: [] },
    ]);
    await tenancy.create("broken");
    await tenancy.scopeGlobal(() => tenancy.query("drop schema tenant_broken cascade"));
    const unhealthy = await send(server.port, "/health", { host: "10.0.0.1" });
    expect([unhealthy.status, JSON.parse(unhealthy.body)]).toEqual([
      503,
      {
        checked: SLUGS.length + 1,
        status: "unhealthy",
        unhealthy: [{ reason: "schema_missing", tenant: "broken" }],
      },
    ]);
    await tenancy.drop("broken");
  });

  it("answer 503 once the tenancy is closed", async () => {
    await tenancy.close();
    expect((await ask("/notes", "acme")).status).toBe(503);
    expect((await send(server.port, "/health")).status).toBe(503);
  });
});
