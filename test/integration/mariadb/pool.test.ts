import { createPool, type Pool, type PoolConnection, type UpsertResult } from "mariadb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeOf } from "../../../src/core/scope.ts";
import { mariadb } from "../../../src/drivers/mariadb/index.ts";
import { sortOptions } from "../../../src/drivers/mariadb/options.ts";
import { describeMysql } from "../../support/database.ts";
import { createMariadbWorld, type MariadbWorld } from "../../support/mariadb-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeMysql("the pool of `mariadb`", () => {
  let world: MariadbWorld;
  let own: readonly string[];

  beforeAll(async () => {
    // Names that only quoting keeps apart, and that the library's search for placeholders meets.
    world = await createMariadbWorld(["acme", 'Glo`bex\'s ? :x "%_"', "ünïcode"], {
      connectionLimit: 1,
    });
    own = world.tenants.map(({ schemaName }) => schemaName);
    for (const schema of own) {
      await world.admin.query(
        `create procedure \`${schema.replaceAll("`", "``")}\`.two_lists() begin select 1 as a; select 2 as b; end`,
      );
    }
  });
  afterAll(() => world.close());

  const owners = async (how: "query" | "execute" = "query"): Promise<string[]> => {
    const rows = await world.pool[how]<Note[]>(OWNERS);
    return [...new Set(rows.map(({ owner }) => owner))];
  };

  it("runs a query in the scope where it is called", async () => {
    for (const tenant of [0, 1, 2, 0]) {
      expect(await world.in(tenant, () => owners())).toEqual([own[tenant]]);
    }
    expect(await world.in("global", () => owners())).toEqual(["GLOBAL"]);
  });

  it("runs a prepared statement in the scope where it is called", async () => {
    for (const tenant of [0, 1, 0, 1, 0, 2, 0, 1, 1, 0, 2, 2]) {
      expect(await world.in(tenant, () => owners("execute"))).toEqual([own[tenant]]);
    }
    expect(await world.in("global", () => owners("execute"))).toEqual(["GLOBAL"]);
  });

  it("runs queries on a view in the view's scope, whatever the ambient one is", async () => {
    const view = world.driver.poolFor(scopeOf(world.tenants[1]!));
    expect(world.driver.poolFor(scopeOf(world.tenants[1]!))).toBe(view);
    const rows = await world.in(0, () => view.query<Note[]>(OWNERS));
    expect(rows[0]?.owner).toBe(own[1]);
    const connection = await view.getConnection();
    expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[1]);
    await connection.release();
    await view.end();
    expect(await world.in(0, () => owners())).toEqual([own[0]]);
  });

  it("refuses a query without a scope, and without a text", async () => {
    for (const query of [
      () => world.pool.query("select 1"),
      () => world.pool.execute("select 1"),
      () => world.pool.batch("insert into note (owner) values (?)", [["x"]]),
      () => world.pool.getConnection(),
    ]) {
      await expect(query()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    }
    await expect(world.in(0, () => world.pool.query(""))).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    await expect(world.in(0, () => world.pool.query(null as never))).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    await expect(world.in(0, () => world.pool.importFile({ file: "x.sql" }))).rejects.toMatchObject(
      { code: "INVALID_QUERY" },
    );
  });

  describe("returns what the library's own pool returns", () => {
    let plain: Pool;

    beforeAll(() => {
      const { config } = sortOptions({ uri: world.database.url });
      plain = createPool({ ...config, connectionLimit: 1, database: own[0]!, minimumIdle: 0 });
    });
    afterAll(() => plain.end());

    const CASES: Record<string, (pool: Pool) => Promise<unknown>> = {
      "a procedure's lists": (pool) => pool.query("call two_lists()"),
      "a procedure's lists with their columns": (pool) =>
        pool.query({ metaAsArray: true, sql: "call two_lists()" }),
      "a result in columns": (pool) => pool.query("select 1 as a, 'x' as b"),
      "a change": (pool) => pool.query("update note set body = 'changed' where id = ?", [1]),
      "a change with its columns": (pool) =>
        pool.query({ metaAsArray: true, sql: "update note set body = 'again' where id = 1" }),
      "arrays as rows": (pool) => pool.query({ rowsAsArray: true, sql: "select 1, 2" }),
      "big numbers": (pool) => pool.query("select 9007199254740993 as n, 1.50 as d"),
      "columns apart": (pool) => pool.query({ metaAsArray: true, sql: "select 1 as a" }),
      "dates as text": (pool) =>
        pool.query({ dateStrings: true, sql: "select timestamp'2026-01-02 03:04:05' as t" }),
      "named placeholders": (pool) =>
        pool.query({ namedPlaceholders: true, sql: "select :a as x, :b as y" }, { a: 1, b: "'" }),
      "no rows": (pool) => pool.query("select owner from note where id = ?", -1),
      "nested tables": (pool) =>
        pool.query({ nestTables: "_", sql: "select n.id from note n limit 1" }),
      "prepared, in arrays": (pool) =>
        pool.execute({ rowsAsArray: true, sql: "select ? as a" }, [1]),
      "prepared, with names": (pool) =>
        pool.execute({ namedPlaceholders: true, sql: "select :a as x, :b as y" }, { a: 1, b: 2 }),
      "prepared, without values": (pool) => pool.execute("select 3 as a"),
      "values of every kind": (pool) =>
        pool.query("select ? as a, ? as b, ? as c, ? as d", [
          "a\\'; use x; -- ?",
          Buffer.from("b'"),
          null,
          { some: "json" },
        ]),
      "with a time limit": (pool) => pool.query({ sql: "select 1 as a", timeout: 5_000 }),
    };

    it.each(Object.keys(CASES))("%s", async (name) => {
      const run = CASES[name]!;
      const expected = await run(plain);
      // In another database before, in the same one, and for a prepared statement a third time.
      await world.in(1, () => world.pool.query("select 1"));
      for (const _ of [1, 2, 3]) {
        const answer = await world.in(0, () => run(world.pool));
        expect(answer).toEqual(expected);
        expect(shape(answer)).toEqual(shape(expected));
      }
    });

    it("the columns of rows", async () => {
      await world.in(1, () => world.pool.query("select 1"));
      const rows = await world.in(0, () =>
        world.pool.query<{ meta: { name(): string }[] }>(OWNERS),
      );
      expect(rows.meta.map((column) => column.name())).toEqual(["owner"]);
    });

    it("the number of a new row", async () => {
      const insert = "insert into note (owner, body) values (?, 'new')";
      for (const tenant of [1, 0, 0]) {
        const { affectedRows, insertId } = await world.in(tenant, () =>
          world.pool.query<UpsertResult>(insert, [own[tenant]]),
        );
        expect(affectedRows).toBe(1);
        expect(insertId).toBeGreaterThan(2);
      }
    });
  });

  it("keeps to the application's defaults, which the toolkit's own queries do not see", async () => {
    const driver = world.open({ metaAsArray: true, namedPlaceholders: true, rowsAsArray: true });
    for (const tenant of [0, 1, 1]) {
      const answers = await world.in(tenant, async () => [
        await driver.pool.query<unknown[]>("select :a as a", { a: 1 }),
        await driver.pool.execute<unknown[]>("select :a as a", { a: 1 }),
      ]);
      for (const [rows, columns] of answers) {
        expect(rows).toEqual([[1]]);
        expect(columns).toHaveLength(1);
      }
      const scope = scopeOf(world.tenants[tenant]!);
      expect((await driver.query(scope, "select ? as a", [2])).rows).toEqual([{ a: 2 }]);
      await driver.session({}, async (session) => {
        expect((await session.query(scope, "select ? as a", [3])).rows).toEqual([{ a: 3 }]);
      });
      await driver.transaction(scope, async (tx) => {
        expect((await tx.query("select ? as a", [4])).rows).toEqual([{ a: 4 }]);
      });
    }
  });

  it("inserts many rows at once", async () => {
    const insert = "insert into note (owner, body) values (?, 'batch')";
    for (const tenant of [0, 1]) {
      const rows = Array.from({ length: 3 }, () => [own[tenant]]);
      const result = await world.in(tenant, () => world.pool.batch<UpsertResult>(insert, rows));
      expect(result.affectedRows).toBe(3);
    }
    expect(await world.in(0, () => world.pool.batch(insert, []))).toBeUndefined();
    for (const tenant of [0, 1]) {
      expect(await world.in(tenant, () => owners())).toEqual([own[tenant]]);
    }
  });

  it("hands errors on as the server made them, and goes on", async () => {
    await world.in(1, () => world.pool.query("select 1"));
    for (const _ of [1, 2]) {
      await expect(
        world.in(0, () => world.pool.query("select * from nothing")),
      ).rejects.toMatchObject({ code: "ER_NO_SUCH_TABLE", errno: 1146 });
      await expect(world.in(0, () => world.pool.execute("selec 1"))).rejects.toMatchObject({
        errno: 1064,
      });
      await expect(world.in(0, () => world.pool.query("select ?", []))).rejects.toMatchObject({
        code: "ER_MISSING_PARAMETER",
      });
    }
    expect(await world.in(0, () => owners())).toEqual([own[0]]);
    expect(world.missing).toEqual([]);
  });

  it("says who asked in the stack of an error", async () => {
    const error = await world
      .in(0, () => world.pool.query("select * from nothing"))
      .catch((reason: Error) => reason);
    expect((error as Error).stack).toContain("pool.test.ts");
  });

  it("has what is known of the library's own pool", async () => {
    const pool = world.open().pool;
    expect(typeof pool.getConnection).toBe("function");
    expect([pool.closed, pool.totalConnections(), pool.taskQueueSize()]).toEqual([false, 0, 0]);
    await world.in(0, () => pool.query("select 1"));
    expect(pool.totalConnections()).toBeGreaterThan(0);
    expect(pool.activeConnections() + pool.idleConnections()).toBe(pool.totalConnections());
    expect(pool.escape("a'b")).toBe("'a\\'b'");
    expect(pool.escapeId("a`b")).toBe("`a``b`");
    await pool.end();
    expect(pool.closed).toBe(true);
    await pool.end();
    await expect(world.in(0, () => pool.query("select 1"))).rejects.toMatchObject({
      code: "TENANCY_CLOSED",
    });
  });

  it("tells of new connections, and of taking and giving without lending them", async () => {
    const { pool } = world.open();
    const events: unknown[] = [];
    const emitter = pool as unknown as { on(event: string, fn: (subject: unknown) => void): void };
    for (const event of ["connection", "acquire", "release"]) {
      emitter.on(event, (subject) =>
        events.push([event, typeof (subject as PoolConnection).query]),
      );
    }
    await world.in(0, () => pool.query("select 1"));
    await expect
      .poll(() => events)
      .toEqual(
        expect.arrayContaining([
          ["connection", "function"],
          ["acquire", "undefined"],
          ["release", "undefined"],
        ]),
      );
  });

  it("refuses whoever waits for a connection when it is ended", async () => {
    const { pool } = world.open({ connectionLimit: 1 });
    const connection = await world.in(0, () => pool.getConnection());
    const waiting = world.in(0, () => pool.query("select 1"));
    const refused = waiting.catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const ended = pool.end();
    expect(await refused).toMatchObject({ code: "TENANCY_CLOSED" });
    await connection.release();
    await ended;
  });

  it("says that there was no connection in time", async () => {
    const driver = world.open({
      acquireTimeout: 100,
      connectionLimit: 1,
      initializationTimeout: 100,
    });
    await world.in(0, () => driver.pool.query("select 1"));
    const connection = await world.in(0, () => driver.pool.getConnection());
    await expect(world.in(0, () => driver.pool.query("select 1"))).rejects.toMatchObject({
      code: "ER_GET_CONNECTION_TIMEOUT",
    });
    await expect(driver.query(scopeOf(world.tenants[0]!), "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await connection.release();
  });

  describe("for a user with few rights", () => {
    it("takes a database that it is denied, and does not see, for one that does not exist", async () => {
      const uri = await world.database.createUser({ database: "all" });
      const { pool } = world.open({ uri });
      expect(await world.in("global", () => pool.query("select 1 as a"))).toEqual([{ a: 1 }]);
      for (const how of ["query", "execute"] as const) {
        await expect(world.in(0, () => pool[how](OWNERS))).rejects.toMatchObject({
          code: "SCHEMA_NOT_FOUND",
          tenant: "t0",
        });
      }
      const driver = world.open({ uri });
      const session = driver.session({}, (open) =>
        open.query(scopeOf(world.tenants[0]!), "select 1"),
      );
      await expect(session).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    });

    it("says of a table that it is denied what the server says", async () => {
      const uri = await world.database.createUser({ tenants: "insert" });
      const { pool } = world.open({ uri });
      await expect(world.in(0, () => pool.query(OWNERS))).rejects.toMatchObject({ errno: 1142 });
    });

    it("says that the server takes no more connections", async () => {
      const uri = await world.database.createUser({ tenants: "all" });
      const user = new URL(uri).username;
      for (const host of ["localhost", "%"]) {
        await world.admin.query(
          `grant usage on *.* to '${user}'@'${host}' with max_user_connections 1`,
        );
      }
      const driver = world.open({ acquireTimeout: 300, connectionLimit: 3, uri });
      const scope = scopeOf(world.tenants[0]!);
      await driver.session({}, async (session) => {
        await session.query(scope, "select 1");
        const refused = await Promise.allSettled([
          driver.query(scope, "select 1"),
          driver.session({}, () => Promise.resolve()),
        ]);
        expect(refused).toMatchObject([
          { reason: { code: "DATABASE_UNAVAILABLE" } },
          { reason: { code: "DATABASE_UNAVAILABLE" } },
        ]);
      });
    });
  });

  it("does not connect before it is used", async () => {
    const driver = world.open();
    expect(driver.pool.totalConnections()).toBe(0);
    await driver.close();
    expect(driver.pool.closed).toBe(true);
  });

  it("refuses an address that is none", () => {
    for (const uri of ["", "nonsense", "postgres://a:b@host/c"]) {
      expect(() => mariadb({ uri })).toThrow(/INVALID_CONFIG/);
    }
    expect(() => mariadb({ changePollMs: 0 })).toThrow(/INVALID_CONFIG/);
    expect(() => mariadb({ maintenanceConnections: 0 })).toThrow(/INVALID_CONFIG/);
  });
});

/** What `toEqual` does not look at: which lists know their columns. */
function shape(value: unknown): unknown {
  if (!Array.isArray(value)) return typeof value;
  return { has: "meta" in value, of: value.map(shape) };
}
