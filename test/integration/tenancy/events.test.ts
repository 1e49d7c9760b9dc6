import { tracingChannel } from "node:diagnostics_channel";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Operation, OperationEvent } from "../../../src/core/events.ts";
import { code, CREATE_NOTE, createWorld, NOWHERE, type World } from "../lifecycle/world.ts";

let world: World;
const unsubscribe: (() => void)[] = [];

beforeAll(async () => {
  world = await createWorld({ primaryDomain: "example.com" });
});

afterAll(() => world.close());
afterEach(() => unsubscribe.splice(0).forEach((stop) => stop()));

type Seen = readonly [step: string, event: OperationEvent];

/** Records what is published about one operation. */
function listen(operation: Operation): Seen[] {
  const seen: Seen[] = [];
  const channel = tracingChannel<string, OperationEvent>(`kirayedar:${operation}`);
  const at =
    (step: string) =>
    (event: OperationEvent): void =>
      void seen.push([step, { ...event }]);
  const subscribers = {
    asyncEnd: at("asyncEnd"),
    asyncStart: at("asyncStart"),
    end: at("end"),
    error: at("error"),
    start: at("start"),
  };
  channel.subscribe(subscribers);
  unsubscribe.push(() => channel.unsubscribe(subscribers));
  return seen;
}

const steps = (seen: readonly Seen[]): string[] => seen.map(([step]) => step);
const last = (seen: readonly Seen[]): OperationEvent | undefined => seen.at(-1)?.[1];

/** Returns the log lines that `fn` causes. */
async function logged(fn: () => Promise<unknown>): Promise<World["log"]> {
  const from = world.log.length;
  await fn().catch(() => undefined);
  return world.log.slice(from).filter(({ level }) => level === "info" || level === "error");
}

describe("the events of an operation", () => {
  it("tell of its start, its end, how long it took and what came of it", async () => {
    const seen = listen("tenant.create");
    const tenant = await world.tenancy.create("acme");
    expect(steps(seen)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    expect(seen[0]?.[1]).toMatchObject({
      action: "tenant.create",
      schemaName: "tenant_acme",
      tenant: "acme",
    });
    expect(last(seen)).toMatchObject({ durationMs: expect.any(Number) as number, result: tenant });
    expect(last(seen)?.error).toBeUndefined();
  });

  it("tell of its failure, and never of a success then", async () => {
    const seen = listen("tenant.create");
    await expect(world.tenancy.create("acme")).rejects.toMatchObject(code("TENANT_EXISTS"));
    expect(steps(seen)).toContain("error");
    expect(last(seen)).toMatchObject({ error: code("TENANT_EXISTS"), tenant: "acme" });
    expect(last(seen)?.result).toBeUndefined();
  });

  it("are none at all for a call that makes no sense", async () => {
    const seen = [listen("tenant.create"), listen("tenant.drop"), listen("tenant.migrate")];
    const from = world.log.length;
    for (const call of ["create", "drop", "migrate"] as const) {
      await expect(world.tenancy[call]("No Slug")).rejects.toMatchObject(code("INVALID_TENANT_ID"));
    }
    expect(seen).toEqual([[], [], []]);
    expect(world.log.slice(from)).toEqual([]);
  });

  it("tell the slug of a tenant that was named by its id", async () => {
    const { id } = await world.tenancy.create("by_id");
    const seen = listen("tenant.suspend");
    await world.tenancy.suspend({ id });
    expect(last(seen)).toMatchObject({ schemaName: "tenant_by_id", tenant: "by_id" });
  });

  it("are there for every operation", async () => {
    const tenancy = world.another({
      migrations: {
        global: [],
        tenant: [CREATE_NOTE, { down: "", name: "more", up: "", version: "20260101000002" }],
      },
      seed: () => undefined,
    });
    const operations: readonly (readonly [Operation, () => Promise<unknown>])[] = [
      ["tenant.create", () => tenancy.create("every")],
      [
        "tenant.adopt",
        async () => {
          await world.run("create schema found; create table found.thing (id int)");
          await tenancy.adopt({ applied: "none", as: "found", schema: "found" });
          return tenancy;
        },
      ],
      ["tenant.suspend", () => tenancy.suspend("every")],
      ["tenant.resume", () => tenancy.resume("every")],
      ["tenant.maintenance", () => tenancy.startMaintenance("every")],
      ["tenant.rename", () => tenancy.rename("every", { slug: "each" })],
      ["tenant.update", () => tenancy.update("each", { name: "Each" })],
      ["tenant.update", () => tenancy.addDomain("each", "each.test")],
      ["tenant.update", () => tenancy.setPrimaryDomain("each", "each.test")],
      ["tenant.update", () => tenancy.removeDomain("each", "each.test")],
      ["tenant.seed", () => tenancy.seed("each")],
      ["tenant.rollback", () => tenancy.rollback("each")],
      ["tenant.migrate", () => tenancy.migrate("each")],
      ["tenant.migrate", () => tenancy.redo("each")],
      ["fleet.migrate", () => tenancy.migrateAll()],
      ["fleet.rollback", () => tenancy.rollbackAll({ only: ["each"] })],
      ["global.migrate", () => tenancy.migrateGlobal()],
      ["global.rollback", () => tenancy.rollbackGlobal()],
      ["tenant.drop", () => tenancy.drop("each")],
    ];
    for (const [operation, run] of operations) {
      const seen = listen(operation);
      const lines = await logged(run);
      expect(steps(seen).slice(0, 1), operation).toEqual(["start"]);
      expect(last(seen), operation).toMatchObject({
        action: operation,
        durationMs: expect.any(Number) as number,
      });
      expect(last(seen)?.error, operation).toBeUndefined();
      const [line] = lines.slice(-1);
      expect(line, operation).toMatchObject({
        fields: { durationMs: expect.any(Number) as number },
        level: "info",
      });
      unsubscribe.splice(0).forEach((stop) => stop());
    }
  });

  it("tell of a fleet's failures though the run itself succeeds", async () => {
    const broken = world.another({
      migrations: {
        global: [],
        tenant: [CREATE_NOTE, { name: "broken", up: "select 1/0", version: "20260101000002" }],
      },
    });
    const seen = listen("fleet.migrate");
    const perTenant = listen("tenant.migrate");
    const lines = await logged(() => broken.migrateAll());
    expect(steps(seen)).toContain("error");
    expect(last(seen)?.error).toBeInstanceOf(AggregateError);
    const { rows } = await world.contents();
    expect(steps(perTenant).filter((step) => step === "error")).toHaveLength(rows.length);
    expect(lines.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      ...rows.map(() => "tenant migration failed"),
      "fleet migration failed",
    ]);
  });
});

describe("the events of resolve", () => {
  it("leave an answer from memory synchronous", async () => {
    const seen = listen("resolve");
    // Notices of what the tests before have changed still come in, and make it look again.
    await expect
      .poll(async () => {
        seen.length = 0;
        const answer = world.tenancy.resolve({ host: "acme.example.com" });
        const published = steps(seen);
        await answer;
        return [answer instanceof Promise, published];
      })
      .toEqual([false, ["start", "end"]]);
    expect(last(seen)).toMatchObject({
      durationMs: expect.any(Number) as number,
      result: { kind: "tenant" },
      schemaName: "tenant_acme",
      tenant: "acme",
    });
  });

  it("tell of an answer that takes a look at the database", async () => {
    const seen = listen("resolve");
    expect(await world.tenancy.resolve({ host: "never-seen.example.com" })).toMatchObject({
      kind: "unknown",
    });
    expect(steps(seen)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    expect(last(seen)).toMatchObject({ result: { kind: "unknown" } });
  });

  it("tell of a failure", async () => {
    const away = world.another({
      driver: { url: NOWHERE.postgres },
      primaryDomain: "example.com",
    });
    const seen = listen("resolve");
    await expect(
      (async () => await away.resolve({ host: "acme.example.com" }))(),
    ).rejects.toMatchObject(code("DATABASE_UNAVAILABLE"));
    expect(steps(seen)).toEqual(["start", "end", "error", "asyncStart", "asyncEnd"]);
    expect(last(seen)).toMatchObject({ error: code("DATABASE_UNAVAILABLE") });
  });
});

describe("log lines", () => {
  it("say what was done to whom, always in the same words", async () => {
    const lines = await logged(async () => {
      await world.tenancy.create("logged");
      await world.tenancy.drop("logged");
    });
    const fields = {
      durationMs: expect.any(Number) as number,
      schemaName: "tenant_logged",
      tenant: "logged",
    };
    expect(lines).toEqual([
      { fields, level: "info", message: "tenant created" },
      { fields, level: "info", message: "tenant dropped" },
    ]);
  });

  it("say what failed, with its code", async () => {
    const lines = await logged(() => world.tenancy.drop("nobody"));
    expect(lines).toMatchObject([
      {
        fields: { code: "TENANT_NOT_FOUND", tenant: "nobody" },
        level: "error",
        message: "tenant drop failed",
      },
    ]);
  });

  it("hold no values", async () => {
    const broken = world.another({
      migrations: {
        global: [],
        tenant: [{ name: "leak", up: "select 'secret-value'::integer", version: "1" }],
      },
    });
    const from = world.log.length;
    await broken.create("leaky", { extra: {}, name: "secret-name" }).catch(() => undefined);
    const text = JSON.stringify(world.log.slice(from));
    expect(text).toContain("tenant creation failed");
    expect(text).toContain("22P02");
    expect(text).not.toContain("secret-name");
    expect(text).not.toContain("secret-value");
  });
});
