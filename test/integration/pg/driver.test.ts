import { Socket } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, scopeOf, type TenantScope } from "../../../src/core/scope.ts";
import { pg as pgDriver } from "../../../src/drivers/pg/index.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createPgWorld, fakeTenant, type PgWorld } from "../../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;
let a: TenantScope;
let b: TenantScope;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b"], { max: 1 });
  a = scopeOf(world.tenants[0]!);
  b = scopeOf(world.tenants[1]!);
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

const owners = "select distinct owner from note";

describe("a pool bound to one tenant", () => {
  it("reads that tenant's tables, whatever the ambient scope is", async () => {
    const bound = world.driver.poolFor(a);
    expect((await bound.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    expect((await world.in(1, () => bound.query(owners))).rows).toEqual([{ owner: "tenant_a" }]);
    const client = await bound.connect();
    expect((await client.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    client.release();
    const rows = await new Promise((resolve) => {
      bound.query(owners, (_error, result) => resolve(result.rows));
    });
    expect(rows).toEqual([{ owner: "tenant_a" }]);
  });

  it("is a `pg.Pool`, the same each time, and does not end the pool it belongs to", async () => {
    const bound = world.driver.poolFor(a);
    expect(bound).toBeInstanceOf(pg.Pool);
    expect(bound.constructor.name).toContain("Pool");
    expect(world.driver.poolFor(a)).toBe(bound);
    await bound.end();
    expect((await bound.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
  });
});

describe("a transaction", () => {
  it("commits, rolls back, and ends for whoever keeps it", async () => {
    const kept = await world.driver.transaction(a, async (tx) => {
      await tx.query("insert into note (owner, body) values ($1, 'committed')", ["tenant_a"]);
      await tx.script("update note set body = 'done' where body = 'committed'; select 1");
      return tx;
    });
    await expect(kept.query("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    const failing = world.driver.transaction(a, async (tx) => {
      await tx.query("delete from note");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    const { rows } = await world.driver.query(a, "select count(*)::int as n from note");
    expect(rows).toEqual([{ n: 3 }]);
  });

  it("does not pass for committed when a statement had failed", async () => {
    const swallowing = world.driver.transaction(a, async (tx) => {
      await tx.query("insert into note (owner) values ('lost')");
      await tx.query("select nonsense").catch(() => undefined);
    });
    await expect(swallowing).rejects.toMatchObject({ code: "TRANSACTION_ABORTED", tenant: "t0" });
  });
});

describe("a session", () => {
  it("works in several scopes, beside a pool that is all taken", async () => {
    const taken = await world.in(0, () => world.pool.connect());
    const seen = await world.driver.session({}, async (session) => {
      const rows = [];
      for (const scope of [a, GLOBAL_SCOPE, b])
        rows.push((await session.query(scope, owners)).rows);
      return rows;
    });
    taken.release();
    expect(seen).toEqual([[{ owner: "tenant_a" }], [{ owner: "PUBLIC" }], [{ owner: "tenant_b" }]]);
  });

  it("makes a schema and enters it, in one transaction that may fail", async () => {
    const made = scopeOf(fakeTenant("made"));
    const first = "create schema tenant_made";
    const make = (text: string): Promise<void> =>
      world.driver.session({}, (session) =>
        session.transaction(made, async (tx) => void (await tx.query(text)), { first }),
      );
    await expect(make("create table note (nonsense)")).rejects.toThrow();
    await make("create table note (owner text)");
    await expect(make("select 1")).rejects.toMatchObject({ code: "42P06" });
    const { rows } = await world.admin.query(
      "select schemaname from pg_tables where tablename = 'note' and schemaname like '%made'",
    );
    expect(rows).toEqual([{ schemaname: "tenant_made" }]);
  });

  it("says which statement of a script failed", async () => {
    const script = "select 1; select 2;\n-- nothing\n; select nonsense; select 4";
    const failing = world.driver.session({}, (session) =>
      session.transaction(a, (tx) => tx.script(script)),
    );
    await expect(failing).rejects.toMatchObject({ code: "42703", statementIndex: 2 });
  });

  it("runs what refuses a transaction, in its scope, and leaves it", async () => {
    await world.driver.session({}, async (session) => {
      await session.queryOutsideTransaction(b, "create index concurrently i on note (owner)");
      await expect(
        session.queryOutsideTransaction(a, "drop index concurrently i"),
      ).rejects.toThrow();
      await session.queryOutsideTransaction(b, "drop index concurrently i");
      expect((await session.query(a, owners)).rows).toEqual([{ owner: "tenant_a" }]);
    });
  });

  it("holds its lock against every other, and gives it back", async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 6 }, () =>
        world.driver.session({ lock: "one" }, async (session) => {
          inside += 1;
          most = Math.max(most, inside);
          await session.query(GLOBAL_SCOPE, "select pg_sleep(0.02)");
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    await world.driver.session({ lock: "two" }, async () => {
      await expect(
        world.driver.session({ lock: "two", lockTimeoutMs: 30 }, async () => undefined),
      ).rejects.toMatchObject({ code: "TENANT_BUSY" });
    });
    await world.driver.session({ lock: "two", lockTimeoutMs: 0 }, async () => undefined);
  });

  it("gives its lock back when its function fails", async () => {
    for (const error of [new Error("plain"), new TypeError("other")]) {
      await expect(
        world.driver.session({ lock: "three" }, () => Promise.reject(error)),
      ).rejects.toBe(error);
    }
    await world.driver.session({ lock: "three" }, async () => undefined);
  });

  it("ends for whoever keeps it", async () => {
    const kept = await world.driver.session({}, async (session) => session);
    await expect(kept.query(a, "select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
  });
});

describe("notifications", () => {
  it("arrive, and arrive again after the connection was lost", async () => {
    const heard: string[] = [];
    const states: boolean[] = [];
    const stop = await world.driver.subscribe("News Channel", {
      onMessage: (payload) => heard.push(payload),
      onStatus: (connected) => states.push(connected),
    });
    const send = (text: string): Promise<unknown> =>
      world.admin.query("select pg_notify('News Channel', $1)", [text]);
    await send("one");
    await expect.poll(() => heard).toEqual(["one"]);
    await world.admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'",
    );
    await expect.poll(() => states, { timeout: 5_000 }).toEqual([true, false, true]);
    await send("two");
    await expect.poll(() => heard).toEqual(["one", "two"]);
    await stop?.();
    await send("three");
    expect(heard).toEqual(["one", "two"]);
  });

  it("come over a connection that is probed within seconds, as its end may never be told", async () => {
    const delays: number[] = [];
    class ProbedSocket extends Socket {
      override setKeepAlive(_isOn?: boolean, delayMs = 0): this {
        delays.push(delayMs);
        return super.setKeepAlive(true, delayMs);
      }
    }
    const probed = await createPgWorld(database.url, [], { stream: () => new ProbedSocket() });
    const stop = await probed.driver.subscribe("x", {
      onMessage: () => undefined,
      onStatus: () => undefined,
    });
    // Without a delay of its own it is the system's, which is two hours on Linux.
    expect(delays).toEqual([10_000]);
    await stop?.();
    await probed.close();
  });
});

describe("a server that is not there", () => {
  it("is reported as such by every way to it", async () => {
    const gone = await createPgWorld("postgres://127.0.0.1:1/none", [], { adminUrl: database.url });
    const states: boolean[] = [];
    const attempts: Promise<unknown>[] = [
      gone.driver.query(a, "select 1"),
      gone.driver.transaction(a, async () => undefined),
      gone.driver.session({}, async () => undefined),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" });
    }
    const stop = await gone.driver.subscribe("x", {
      onMessage: () => undefined,
      onStatus: (connected) => states.push(connected),
    });
    expect(states).toEqual([false]);
    await stop?.();
    await gone.close();
  });
});

describe("bad options", () => {
  it.each([
    [{ maxTenantsPerConnection: 0 }, "maxTenantsPerConnection"],
    [{ preparedStatements: { max: 0 } }, "preparedStatements.max"],
    [{ preparedStatements: { after: Number.NaN } }, "preparedStatements.after"],
    [{ pipeline: true }, "pipeline"],
  ])("are refused: %o", (options, name) => {
    expect(() => pgDriver(options)).toThrow(name);
    expect(() => pgDriver(options)).toThrow("INVALID_CONFIG");
  });

  it("include a driver that is used without a tenancy, or by two", () => {
    const driver = pgDriver({});
    expect(() => driver.pool).toThrow("INVALID_CONFIG");
    expect(() => world.driver.attach({} as never)).toThrow("INVALID_CONFIG");
  });
});
