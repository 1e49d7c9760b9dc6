import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeOf } from "../../../src/core/scope.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { describeSessionScript } from "../../support/describe-session-script.ts";
import { startLatencyProxy } from "../../support/latency-proxy.ts";
import { createPgWorld, fakeTenant, type PgWorld } from "../../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b"]);
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

const scope = (index: number): ReturnType<typeof scopeOf> => scopeOf(world.tenants[index]!);

describeSessionScript("pg", () => ({
  a: scope(0),
  b: scope(1),
  driver: world.driver,
  gone: scopeOf(fakeTenant("gone")),
  missing: world.missing,
}));

describe("a text of a session, on the wire", () => {
  it("is one round trip, with its lock, its scope and the removal of what was before", async () => {
    const port = Number(new URL(database.url).port);
    const proxy = await startLatencyProxy({ delayMs: 0, targetPort: port });
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const far = await createPgWorld(url.href, [], { adminUrl: database.url });
    const trips = await far.driver.session({}, async (session) => {
      await session.script?.(scope(0), "select 1");
      proxy.resetCounts();
      for (let index = 0; index < 6; index += 1) {
        const text = `select ${index}; set work_mem = '5MB'; create temp table t (n int)`;
        await session.script?.(scope(index % 2), text, { lock: "ours" });
      }
      return proxy.counts().roundTrips;
    });
    await far.close();
    await proxy.close();
    expect(trips).toBe(6);
  });

  it("does not listen for the tenant before", async () => {
    const heard: unknown[] = [];
    await world.driver.session({}, async (session) => {
      await session.script?.(scope(0), "listen news");
      const channels = "select pg_listening_channels() as name";
      await session.script?.(scope(1), "create table channels (name text)");
      await session.script?.(scope(1), `insert into channels ${channels}`);
      heard.push(...(await session.query(scope(1), "select name from channels")).rows);
      await session.script?.(scope(1), "drop table channels");
    });
    expect(heard).toEqual([]);
  });

  it("does not know the last number of the tenant before", async () => {
    await world.driver.session({}, async (session) => {
      await session.script?.(scope(0), "select nextval('note_id_seq')");
      await expect(session.script?.(scope(1), "select lastval()")).rejects.toMatchObject({
        code: "55000",
      });
    });
  });

  it("gives the connection back clean", async () => {
    const one = await createPgWorld(database.url, [], { maintenanceConnections: 1 });
    const look =
      "select current_setting('work_mem') as memory, to_regclass('pg_temp.kept') is null as gone, " +
      "(select count(*)::int from pg_prepared_statements where name = 'kept') as prepared";
    const leave =
      "set work_mem = '5MB'; create temp table kept (n int); prepare kept as select 1; select 1";
    await one.driver.session({}, async (session) => session.script?.(scope(0), leave));
    const { rows } = await one.driver.session({}, (session) => session.query(scope(1), look));
    await one.close();
    expect(rows).toEqual([{ gone: true, memory: "4MB", prepared: 0 }]);
  });

  it("keeps others out of the lock until it has ended", async () => {
    const other = await createPgWorld(database.url, []);
    const running = world.driver.session({}, (session) =>
      Promise.resolve(session.script?.(scope(0), "select pg_sleep(0.3)", { lock: "slow" })),
    );
    const busy =
      "select count(*)::int as n from pg_locks join pg_database d on d.oid = database " +
      "where locktype = 'advisory' and granted and datname = current_database()";
    for (let held = 0; held === 0; await sleep(5)) {
      held = (await world.admin.query<{ n: number }>(busy)).rows[0]!.n;
    }
    await expect(
      other.driver.session({ lock: "slow", lockTimeoutMs: 0 }, () => Promise.resolve()),
    ).rejects.toMatchObject({ code: "TENANT_BUSY" });
    await running;
    await other.driver.session({ lock: "slow", lockTimeoutMs: 0 }, () => Promise.resolve());
    await other.close();
  });

  it("survives the end of its connection, as an error", async () => {
    const kill = world.driver.session({}, (session) =>
      Promise.resolve(session.script?.(scope(0), "select pg_terminate_backend(pg_backend_pid())")),
    );
    await expect(kill).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
    await world.driver.session({}, async (session) => session.script?.(scope(0), "select 1"));
  });

  it("is not there where the application prepares its connections: a reset would undo that", async () => {
    const hook = (client: pg.ClientBase): Promise<unknown> => client.query("set role pg_monitor");
    const options: object = { onConnect: hook };
    const hooked = await createPgWorld(database.url, [], options);
    const has = await hooked.driver.session({}, (session) =>
      Promise.resolve(session.script !== undefined),
    );
    await hooked.close();
    expect(has).toBe(false);
  });
});
