import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { createWorld, type World } from "../lifecycle/world.ts";
import type { RunningServer } from "./support/app.ts";
import { type Answer, send, until } from "./support/client.ts";
import { NOTE_APPS } from "./support/note-app.ts";

const SLUGS = ["acme", "globex", "initech", "umbrella", "hooli"];
const CREATE: Migration = {
  name: "create",
  up: "create table note (body text)",
  version: "20260101000001",
};

describe.each(Object.entries(NOTE_APPS))("tenants migrated by requests, through %s", (_, serve) => {
  let world: World;
  let server: RunningServer;
  let release: () => void;
  let isBegun = false;
  let isBroken = true;

  const ask = (slug: string, accept = "application/json"): Promise<Answer> =>
    send(server.port, "/notes", { headers: { accept }, host: `${slug}.example.com` });
  const statuses = (): number =>
    world.log.filter(
      ({ fields, message }) =>
        message === "request refused" && fields["reason"] === "tenant_migrating",
    ).length;
  const failures = (): number =>
    world.log.filter(({ message }) => message === "tenant migration failed").length;

  beforeAll(async () => {
    world = await createWorld({ migrations: { global: [], tenant: [CREATE] } });
    for (const slug of [...SLUGS, "slow", "broken"]) {
      await world.tenancy.create(slug);
      await world.tenancy.withTenant(slug, () =>
        world.tenancy.query(`insert into note values ('${slug}')`),
      );
    }
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    const add: Migration = {
      checksum: "add",
      name: "add",
      up: async (db) => {
        if (db.tenant?.slug === "slow") {
          isBegun = true;
          await isReleased;
        }
        if (db.tenant?.slug === "broken" && isBroken) throw new Error("secret");
        await db.query("insert into note select body || ' added' from note");
      },
      version: "20260101000002",
    };
    const tenancy: Tenancy = world.another({
      lockTimeoutMs: 1_000,
      migrations: { global: [], migrate: "on-request", tenant: [CREATE, add] },
      primaryDomain: "example.com",
    });
    server = await serve(tenancy);
  });
  afterAll(async () => {
    release();
    await server.close();
    await world.close();
  });

  it("are migrated once, and each request finds its own", async () => {
    const jobs = Array.from({ length: 60 }, async (_, job) => {
      const slug = SLUGS[job % SLUGS.length] ?? "";
      const answer = await ask(slug);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, [slug, `${slug} added`]]);
    });
    await Promise.all(jobs);
  });

  it("get 503 while that takes too long, and it goes on when the client goes away", async () => {
    const first = http.get({
      headers: { host: "slow.example.com" },
      path: "/notes",
      port: server.port,
    });
    first.on("error", () => undefined);
    await until(() => isBegun);
    first.destroy();
    const answer = await ask("slow");
    expect([answer.status, answer.headers["retry-after"], JSON.parse(answer.body)]).toEqual([
      503,
      "30",
      { error: "tenant_migrating", message: "This tenant is being updated. Try again later." },
    ]);
    release();
    let status = 0;
    while (status !== 200) status = (await ask("slow")).status;
    expect(JSON.parse((await ask("slow")).body)).toEqual(["slow", "slow added"]);
  });

  it("get 503 when it failed, which is told once, and tried again when somebody has helped", async () => {
    const [before, failed] = [statuses(), failures()];
    for (let turn = 0; turn < 5; turn += 1) {
      const { body, headers, status } = await ask("broken", "text/plain");
      expect([status, headers["retry-after"]]).toEqual([503, "30"]);
      expect(body).toBe("This tenant is being updated. Try again later.\n");
    }
    expect(statuses() - before).toBe(5);
    expect(failures() - failed).toBe(1);
    isBroken = false;
    // As the command line does it, in another process.
    const add: Migration = {
      checksum: "add",
      name: "add",
      up: "insert into note select body || ' added' from note",
      version: "20260101000002",
    };
    const other = world.another({ migrations: { global: [], tenant: [CREATE, add] } });
    await other.migrate("broken");
    let isServed = false;
    const poll = setInterval(() => {
      void ask("broken").then(({ status }) => {
        isServed ||= status === 200;
      });
    }, 20);
    await until(() => isServed);
    clearInterval(poll);
    expect(JSON.parse((await ask("broken")).body)).toEqual(["broken", "broken added"]);
  });
});
