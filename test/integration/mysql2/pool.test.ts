import { once } from "node:events";
import mysql from "mysql2";
import type { FieldPacket, PoolConnection, RowDataPacket } from "mysql2";
import mysqlPromise from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, scopeOf } from "../../../src/core/scope.ts";
import { mysql2, type Mysql2Options } from "../../../src/drivers/mysql2/index.ts";
import { describeMysql, requireMysql } from "../../support/database.ts";
import { startLatencyProxy } from "../../support/latency-proxy.ts";
import { createMysqlWorld, type MysqlWorld } from "../../support/mysql-world.ts";

let world: MysqlWorld;

const ownerOf = (tenant: number): string => world.tenants[tenant]!.schemaName;

async function sessions(): Promise<number> {
  const [rows] = await world.admin.query<RowDataPacket[]>(
    "select count(*) as n from information_schema.processlist where user = ?",
    [world.user],
  );
  return rows[0]!["n"] as number;
}

describeMysql("the pool", () => {
  beforeAll(async () => {
    world = await createMysqlWorld(["a", "b"], { connectionLimit: 2, namedPlaceholders: true });
  });
  afterAll(() => world.close());

  it("is one of the application's own `mysql2`, with callbacks and with promises", () => {
    const { pool } = world;
    expect(pool).toBeInstanceOf((mysql as unknown as { Pool: new () => unknown }).Pool);
    const { PromisePool } = mysqlPromise as unknown as { PromisePool: new () => unknown };
    expect(pool.promise()).toBeInstanceOf(PromisePool);
    expect(world.driver.pool).toBe(pool);
  });

  it("refuses what is called in no scope, and takes no connection for it", async () => {
    const { pool } = world;
    const required = { code: "TENANT_REQUIRED" };
    const before = await sessions();
    await expect(pool.promise().query("select 1")).rejects.toMatchObject(required);
    await expect(pool.promise().execute("select 1")).rejects.toMatchObject(required);
    await expect(pool.promise().getConnection()).rejects.toMatchObject(required);
    const said = await new Promise((resolve) => {
      pool.query("select 1", (error: unknown) => resolve(error));
    });
    expect(said).toMatchObject(required);
    const [error] = (await once(pool.query("select 1").stream(), "error")) as [unknown];
    expect(error).toMatchObject(required);
    expect(await sessions()).toBe(before);
  });

  it("opens connections without a database, so that what escapes a scope finds no table", async () => {
    const found = await new Promise<unknown>((resolve, reject) => {
      world.pool.once("connection", (connection: PoolConnection) => {
        connection.query<RowDataPacket[]>("select database() as name", (error, rows) =>
          error ? reject(error) : resolve(rows[0]),
        );
      });
      void world.in(0, () => world.pool.promise().query("select 1"));
    });
    expect(found).toEqual({ name: null });
  });

  it("sends the scope with the query, and so needs one round trip", async () => {
    const proxy = await startLatencyProxy({ delayMs: 1, targetPort: Number(serverPort()) });
    const near = await createMysqlWorld(["a", "b"], {
      connectionLimit: 1,
      host: "127.0.0.1",
      port: proxy.port,
    });
    const read = (tenant: number, how: "query" | "execute"): Promise<unknown> =>
      near.in(tenant, () => near.pool.promise()[how as "query"]("select owner from note"));
    for (const tenant of [0, 1]) await read(tenant, "execute");
    proxy.resetCounts();
    for (let n = 0; n < 10; n += 1) await read(n % 2, "query");
    expect(proxy.counts().roundTrips).toBe(10);
    for (let n = 0; n < 10; n += 1) await read(n % 2, "execute");
    expect(proxy.counts().roundTrips).toBe(20);
    await near.close();
    await proxy.close();
  });

  it("knows every form of `mysql2`'s queries", async () => {
    const { pool } = world;
    await world.in(0, async () => {
      const promised = pool.promise();
      const one = [{ v: 7 }];
      expect((await promised.query("select :v as v", { v: 7 }))[0]).toEqual(one);
      expect((await promised.execute("select cast(:v as signed) as v", { v: 7 }))[0]).toEqual(one);
      expect((await promised.query("select ? as v", [7]))[0]).toEqual(one);
      expect((await promised.query({ sql: "select ? as v", values: [7] }))[0]).toEqual(one);
      expect((await promised.query({ rowsAsArray: true, sql: "select 7" }))[0]).toEqual([[7]]);
      expect((await promised.execute({ rowsAsArray: true, sql: "select 7" }))[0]).toEqual([[7]]);
      const nested = { nestTables: true, sql: "select owner from note limit 1" };
      expect((await promised.query(nested))[0]).toEqual([{ note: { owner: ownerOf(0) } }]);
      const cast = { sql: "select 'x' as v", typeCast: () => "cast" };
      expect((await promised.query(cast))[0]).toEqual([{ v: "cast" }]);
      const [rows, fields] = await promised.query("select owner from note limit 1");
      expect(rows).toEqual([{ owner: ownerOf(0) }]);
      expect(fields.map(({ name }) => name)).toEqual(["owner"]);
    });
  });

  it("reports results, columns, rows and errors by events", async () => {
    await world.in(1, async () => {
      const seen: unknown[] = [];
      const query = world.pool.query("select owner from note limit 1");
      query.on("fields", (fields) => {
        seen.push((fields as unknown as FieldPacket[]).map(({ name }) => name));
      });
      query.on("result", (row: unknown) => seen.push(row));
      await once(query, "end");
      expect(seen).toEqual([["owner"], { owner: ownerOf(1) }]);
      const [error] = (await once(world.pool.query("select nonsense").stream(), "error")) as [
        unknown,
      ];
      expect(error).toMatchObject({ errno: 1054, sql: "select nonsense" });
    });
  });

  it("goes on after an error that nobody listens to", async () => {
    await world.in(0, () => void world.pool.query("select nonsense"));
    await expect.poll(() => world.warnings).toContain("nobody listens to the error of a query");
    await world.in(0, () => world.pool.promise().query("select 1"));
  });

  it("returns what a procedure returns", async () => {
    await world.in(0, async () => {
      const promised = world.pool.promise();
      await promised.query(
        "create procedure twice() begin select 1 as v; select owner from note; end",
      );
      const [results] = await promised.query("call twice()");
      const rows = [{ owner: ownerOf(0) }, { owner: ownerOf(0) }];
      expect(results).toMatchObject([[{ v: 1 }], rows, { affectedRows: 0 }]);
    });
    const { rows } = await world.driver.query(scopeOf(world.tenants[0]!), "call twice()");
    expect(rows).toEqual([{ v: 1 }]);
  });

  it("refuses values that cannot be sent, and gives the connection back", async () => {
    for (let n = 0; n < 5; n += 1) {
      await expect(
        world.in(0, () =>
          world.pool.promise().execute("select ?", [undefined as unknown as string]),
        ),
      ).rejects.toThrow("undefined");
      await expect(
        world.in(0, () => world.pool.promise().query(undefined as unknown as string)),
      ).rejects.toMatchObject({ code: "INVALID_QUERY" });
    }
    await world.in(0, () => world.pool.promise().query("select 1"));
  });

  it("has views that are bound to one scope and read no ambient one", async () => {
    const { driver, tenants } = world;
    const view = driver.poolFor(scopeOf(tenants[1]!));
    expect(driver.poolFor(scopeOf(tenants[1]!))).toBe(view);
    expect(view).toBeInstanceOf((mysql as unknown as { Pool: new () => unknown }).Pool);
    for (const read of [
      () => view.promise().query("select owner from note limit 1"),
      () => view.promise().execute("select owner from note limit 1"),
    ]) {
      expect((await read())[0]).toEqual([{ owner: ownerOf(1) }]);
      expect((await world.in(0, read))[0]).toEqual([{ owner: ownerOf(1) }]);
    }
    const connection = await view.promise().getConnection();
    expect((await connection.query("select owner from note limit 1"))[0]).toEqual([
      { owner: ownerOf(1) },
    ]);
    connection.release();
    const global = driver.poolFor(GLOBAL_SCOPE).promise();
    expect((await global.query("select owner from note limit 1"))[0]).toEqual([
      { owner: world.database.name },
    ]);
    await view.promise().end();
    await new Promise<void>((resolve) => view.end(() => resolve()));
    await world.in(0, () => world.pool.promise().query("select 1"));
    const heard: string[] = [];
    view.on("release", () => heard.push("release"));
    await view.promise().query("select 1");
    await expect.poll(() => heard).toEqual(["release"]);
    view.removeAllListeners("release");
  });

  it("keeps tenants and statements apart on compressed connections, too", async () => {
    const packed = await createMysqlWorld(["a", "b"], { compress: true, connectionLimit: 1 });
    for (let n = 0; n < 9; n += 1) {
      const value = n % 3 === 0 ? "a; b" : "c";
      const [rows] = await packed.in(n % 2, () =>
        packed.pool.promise().query("select ? as v, owner from note limit 1", [value]),
      );
      expect(rows).toEqual([{ owner: packed.tenants[n % 2]!.schemaName, v: value }]);
      await expect(
        packed.in(n % 2, () => packed.pool.promise().query("select 1; select 2")),
      ).rejects.toMatchObject({ code: "MULTIPLE_STATEMENTS" });
    }
    await packed.close();
  });

  it("calls back when a query takes too long, and lends its connection when it has ended", async () => {
    const slow = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
    for (const tenant of [0, 1]) {
      const text = "select sleep(0.1), ';' as v";
      await expect(
        slow.in(tenant, () => slow.pool.promise().query({ sql: text, timeout: 20 })),
      ).rejects.toMatchObject({ code: "PROTOCOL_SEQUENCE_TIMEOUT" });
      const [rows] = await slow.in(1 - tenant, () =>
        slow.pool.promise().query("select owner from note limit 1"),
      );
      expect(rows).toEqual([{ owner: slow.tenants[1 - tenant]!.schemaName }]);
    }
    await slow.close();
  });

  it("runs the driver's own statements with rows as objects, whatever the application's settings", async () => {
    const odd = await createMysqlWorld(["a"], {
      connectionLimit: 1,
      multipleStatements: true,
      nestTables: "_",
      queryFormat: (sql: string) => sql,
      rowsAsArray: true,
    });
    const scope = scopeOf(odd.tenants[0]!);
    const expected = { rowCount: 1, rows: [{ v: 7 }] };
    expect(await odd.driver.query(scope, "select ? as v", [7])).toEqual(expected);
    expect(await odd.driver.transaction(scope, (tx) => tx.query("select ? as v", [7]))).toEqual(
      expected,
    );
    expect(
      await odd.driver.session({}, (session) => session.query(scope, "select ? as v", [7])),
    ).toEqual(expected);
    const written = await odd.driver.query(scope, "update note set body = 'x'");
    expect(written).toEqual({ rowCount: 2, rows: [] });
    const first = await odd.driver.query(scope, "update note set body = 'y'; select 1");
    expect(first).toEqual({ rowCount: 2, rows: [] });
    await odd.close();
  });
});

describeMysql("the pool's limits and its end", () => {
  it("are those of `mysql2`", async () => {
    const narrow = await createMysqlWorld(["a"], { connectionLimit: 1, queueLimit: 1 });
    await narrow.in(0, async () => {
      const promised = narrow.pool.promise();
      const held = await promised.getConnection();
      const waiting = promised.query("select 1");
      await expect(promised.query("select 1")).rejects.toThrow("Queue limit reached.");
      await expect(promised.execute("select 1")).rejects.toThrow("Queue limit reached.");
      held.release();
      await waiting;
    });
    await narrow.close();
  });

  it("tells who waits, and whoever comes later", async () => {
    const ending = await createMysqlWorld(["a"], { connectionLimit: 1 });
    await ending.in(0, async () => {
      const promised = ending.pool.promise();
      const held = await promised.getConnection();
      const waiting = [
        promised.query("select 1"),
        promised.execute("select 1"),
        promised.getConnection(),
      ];
      const refused = Promise.all(
        waiting.map((one) => expect(one).rejects.toThrow("Pool is closed.")),
      );
      await promised.end();
      await refused;
      held.release();
      await expect(promised.query("select 1")).rejects.toThrow("Pool is closed.");
    });
    await ending.close();
  });

  it("has errors of connecting, and serves the next", async () => {
    const driver = mysql2({ connectionLimit: 1, host: "127.0.0.1", port: 1 });
    const host = {
      currentScope: () => GLOBAL_SCOPE,
      globalSchema: "x",
      logger: { debug: noop, error: noop, info: noop, warn: noop },
      onSchemaMissing: noop,
      sharedSchemas: [],
    };
    driver.attach(host);
    const promised = driver.pool.promise();
    const all = [
      promised.query("select 1"),
      promised.execute("select 1"),
      promised.getConnection(),
    ];
    for (const one of all) await expect(one).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(driver.query(GLOBAL_SCOPE, "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await expect(driver.session({}, () => Promise.resolve())).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await driver.close();
  });
});

describe("the options", () => {
  it.each<[string, Mysql2Options]>([
    ["connectionLimit", { connectionLimit: -1 }],
    ["maxPreparedStatements", { maxPreparedStatements: 0 }],
    ["maintenanceConnections", { maintenanceConnections: 0 }],
    ["changePollMs", { changePollMs: 0 }],
    ["flags", { flags: ["-MULTI_STATEMENTS"] }],
  ])("are checked: %s", (_name, options) => {
    expect(() => mysql2(options)).toThrow("[INVALID_CONFIG]");
  });

  it("name the global schema", () => {
    expect(mysql2({ database: "app" }).defaultSchema).toBe("app");
    expect(mysql2({ uri: "mysql://root@localhost/%C3%A4pp" }).defaultSchema).toBe("äpp");
    expect(mysql2({ uri: "mysql://root@localhost" }).defaultSchema).toBeUndefined();
  });

  it("refuse a `mysql2` that is not known", () => {
    const options = { mysql2: mysqlPromise as unknown as typeof mysql };
    expect(() => mysql2(options)).toThrow("[UNSUPPORTED_DRIVER]");
  });
});

function noop(): void {}

function serverPort(): string {
  return new URL(requireMysql().url).port;
}
