import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { LiveEvent, Operation } from "../../../src/admin/contract.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { type AdminClient, openClient, ORIGIN } from "../../support/admin-client.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";

interface Listener {
  readonly events: (LiveEvent & { readonly id: string })[];
  /** Everything that came, comments included. */
  text(): string;
  readonly isEnded: () => boolean;
  stop(): Promise<void>;
}

describe("the console's events", () => {
  let database: TestDatabase;
  let tenancy: Tenancy;
  let client: AdminClient;
  const listeners: Listener[] = [];
  let release: () => void = () => undefined;

  const open = (): Tenancy =>
    createTenancy({
      database: pg({ connectionString: database.url }),
      migrations: {
        global: [],
        tenant: [
          { name: "one", up: "create table one (id int)", version: "1" },
          {
            name: "two",
            up: async (db) => {
              await new Promise<void>((resolve) => {
                if (db.tenant?.slug === "t1") release = resolve;
                else resolve();
              });
            },
            version: "2",
          },
        ],
      },
    });

  async function listen(of: AdminClient = client, lastEventId?: string): Promise<Listener> {
    const controller = new AbortController();
    const response = await of.admin(
      new Request(`${ORIGIN}/admin/api/events`, {
        headers: {
          "x-test-person": "ada:read",
          ...(lastEventId !== undefined && { "last-event-id": lastEventId }),
        },
        signal: controller.signal,
      }),
    );
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    let isEnded = false;
    const events: Listener["events"] = [];
    const reading = (async () => {
      for (;;) {
        const { done, value } = await reader.read().catch(() => ({ done: true, value: "" }));
        if (done) break;
        text += value;
        const found = [...text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)];
        for (const [, id = "", type = "", data = ""] of found.slice(events.length)) {
          events.push({ id, type, ...(JSON.parse(data) as object) } as never);
        }
      }
      isEnded = true;
    })();
    const listener: Listener = {
      events,
      isEnded: () => isEnded,
      stop: async () => {
        controller.abort();
        await reading;
      },
      text: () => text,
    };
    listeners.push(listener);
    return listener;
  }

  const isOperation = ({ type }: LiveEvent): boolean => type === "operation";
  const operations = ({ events }: Listener): Operation[] =>
    events.flatMap((event) => (event.type === "operation" ? [event.operation] : []));
  const changed = ({ events }: Listener): string[] =>
    events.flatMap((event) =>
      event.type === "changed" ? [`${event.what} ${event.tenant ?? "all"}`] : [],
    );

  beforeAll(async () => {
    database = await createTestDatabase();
    tenancy = open();
    await tenancy.migrateGlobal();
    for (const slug of ["t1", "t2", "t3"]) {
      await tenancy.create(slug, { migrate: false });
      await tenancy.migrate(slug, { to: "1" });
    }
    client = openClient(tenancy);
  });
  afterEach(async () => {
    release();
    await Promise.all(listeners.splice(0).map((listener) => listener.stop()));
  });
  afterAll(async () => {
    await tenancy.close();
    await database.drop();
  });

  it("follow an operation from step to step, for all who listen", async () => {
    const [first, second] = [await listen(), await listen()];
    await expect.poll(() => first.text()).toContain("retry: 3000\n\n");
    await client.operate("api/tenants/t2/suspend");
    await client.operate("api/tenants/t2/resume");
    for (const listener of [first, second]) {
      await expect.poll(() => operations(listener).at(-1)?.state).toBe("done");
      expect(operations(listener).map(({ action }) => action)).toContain("tenant.suspend");
    }
    await expect
      .poll(() => changed(first))
      .toEqual(expect.arrayContaining(["audit all", "tenants t2"]));
  });

  it("tell who comes back what was missed, and who comes from elsewhere to read all anew", async () => {
    const first = await listen();
    await client.operate("api/tenants/t3/suspend");
    await expect.poll(() => first.events.length).toBeGreaterThan(1);
    const [seen, ...missed] = first.events;
    await first.stop();
    const again = await listen(client, seen?.id);
    // Of what moved several times, the last.
    await expect
      .poll(() => operations(again))
      .toMatchObject([{ action: "tenant.suspend", state: "done" }]);
    expect(missed.map(({ id }) => id)).toContain(again.events.find(isOperation)?.id);
    const stranger = await listen(client, "ffffffff-3");
    await expect
      .poll(() => changed(stranger))
      .toEqual(expect.arrayContaining(["tenants all", "runs all", "audit all"]));
    await client.operate("api/tenants/t3/resume");
  });

  it("tell of what another process does", async () => {
    const listener = await listen();
    await expect.poll(() => listener.text()).toContain("retry");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = changed(listener).length;
    // No channel of this process tells of it: only a look at the database does.
    const other = new Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query("update tenants set name = 'Other', updated_at = now() where slug = 't3'");
    } finally {
      await other.end();
    }
    await expect
      .poll(() => changed(listener).slice(before), { timeout: 9000 })
      .toContain("tenants all");
  });

  it("follow a run over the fleet, which can be stopped", async () => {
    const listener = await listen();
    const begun = await client.send<Operation>("POST", "api/runs", {
      body: { concurrency: 1, verb: "migrate" },
    });
    expect(begun.body).toMatchObject({ action: "fleet.migrate", state: "running" });
    const twin = await client.send("POST", "api/runs", { body: { verb: "migrate" } });
    expect(twin.status).toBe(400);
    const stopped = await client.send("POST", `api/operations/${begun.body.id}/stop`);
    expect(stopped.status).toBe(202);
    release();
    await expect
      .poll(() => operations(listener).at(-1))
      .toMatchObject({
        counts: { changed: 1, notReached: 2 },
        runId: expect.any(String) as string,
        state: "done",
        summary: "1 migrated, 0 had nothing to do, 2 were not reached. It was stopped.",
      });
    const finished = await client.operate("api/runs", { resume: true, verb: "migrate" });
    expect(finished).toMatchObject({ counts: { changed: 2, failed: 0 }, state: "done" });
  });

  it("end with the tenancy, and so does a run", async () => {
    const own = open();
    const console = openClient(own);
    const listener = await listen(console);
    await own.close();
    await expect.poll(() => listener.isEnded()).toBe(true);
    expect((await console.send("GET", "api/tenants")).status).toBe(503);
  });
});
