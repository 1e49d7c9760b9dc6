import type { PoolConnection, RowDataPacket } from "mysql2";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMysqlWorld, type MysqlWorld, send } from "../support/mysql-world.ts";

let world: MysqlWorld;

beforeEach(async () => {
  world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
});
afterEach(async () => {
  await world.close();
});

function take(tenant: number): Promise<PoolConnection> {
  return world.in(
    tenant,
    () =>
      new Promise<PoolConnection>((resolve, reject) => {
        world.pool.getConnection((error, connection) =>
          error ? reject(error) : resolve(connection),
        );
      }),
  );
}

async function idOf(connection: PoolConnection): Promise<number> {
  const [rows] = await connection.promise().query<RowDataPacket[]>("select connection_id() as id");
  return rows[0]!["id"] as number;
}

const ended = { code: "LEASE_ENDED" };

describeMysql("a released connection", () => {
  it("is not freed again under its next holder", async () => {
    const first = await take(0);
    first.release();
    const second = await take(1);
    first.release();
    world.pool.releaseConnection(first);
    first.destroy();
    let isTaken = false;
    const third = take(0).then((connection) => {
      isTaken = true;
      return connection;
    });
    expect(await idOf(second)).toBeGreaterThan(0);
    expect(isTaken).toBe(false);
    second.release();
    (await third).release();
  });

  it("cannot be used any more, nor what was made from it", async () => {
    const first = await take(0);
    const old = first.promise();
    const statement = await old.prepare("select owner from note limit 1");
    first.release();
    const second = await take(1);
    const id = await idOf(second);
    await expect(old.query("select 1")).rejects.toMatchObject(ended);
    await expect(old.execute("select 1")).rejects.toMatchObject(ended);
    await expect(old.prepare("select 1")).rejects.toMatchObject(ended);
    await expect(statement.execute([])).rejects.toMatchObject(ended);
    await expect(old.beginTransaction()).rejects.toMatchObject(ended);
    await expect(old.commit()).rejects.toMatchObject(ended);
    await expect(old.ping()).rejects.toMatchObject(ended);
    await expect(old.reset()).rejects.toMatchObject(ended);
    await expect(old.changeUser({ user: "nobody" })).rejects.toMatchObject(ended);
    await statement.close();
    old.unprepare("select owner from note limit 1");
    old.destroy();
    for (const call of [() => first.pause(), () => first.resume(), () => old.pause()]) {
      expect(call).toThrow("LEASE_ENDED");
    }
    expect(first.escape("it's")).toBe("'it\\'s'");
    expect(await idOf(second)).toBe(id);
    second.release();
  });

  it("waits for what still runs on it", async () => {
    const connection = await take(0);
    const results = [
      connection.promise().query("select sleep(0.05), owner from note limit 1"),
      connection.promise().execute("select owner from note limit 1"),
    ];
    connection.release();
    const next = await take(1);
    const rows = (await Promise.all(results))[1]![0];
    expect(rows).toEqual([{ owner: world.tenants[0]!.schemaName }]);
    next.release();
  });

  it.each(["query", "execute"] as const)("carries no open transaction: %s", async (how) => {
    const connection = await take(0);
    const id = await idOf(connection);
    await connection.promise().beginTransaction();
    await send(connection.promise(), how, "delete from note");
    connection.release();
    const next = await take(0);
    const [rows] = await next
      .promise()
      .query<RowDataPacket[]>("select count(*) as n, connection_id() as id from note");
    expect(rows[0]).toEqual({ id, n: 2 });
    await next.promise().query("select 1");
    next.release();
    expect(world.warnings).toEqual(["connection released with an open transaction: rolled back"]);
  });

  it("carries no switched-off autocommit, and no transaction of a procedure", async () => {
    const first = await take(0);
    await first.promise().query("set autocommit = 0");
    await first.promise().query("delete from note");
    first.release();
    await world.in(0, () =>
      world.pool
        .promise()
        .query("create procedure p() begin start transaction; delete from note; end"),
    );
    await world.in(0, () => world.pool.promise().query("call p()")).catch(() => undefined);
    const [rows] = await world.in(0, () =>
      world.pool
        .promise()
        .query<RowDataPacket[]>("select @@autocommit as c, (select count(*) from note) as n"),
    );
    expect(rows[0]).toEqual({ c: 1, n: 2 });
  });

  it("is not another user's", async () => {
    const url = new URL(await world.database.createUser({ database: "all", tenants: "all" }));
    const connection = await take(0);
    const [user, password] = [url.username, url.password];
    await connection.promise().changeUser({ password, user });
    const [rows] = await connection
      .promise()
      .query<RowDataPacket[]>("select user() as user, owner from note limit 1");
    expect(rows[0]!["user"]).toContain(user);
    expect(rows[0]!["owner"]).toBe(world.tenants[0]!.schemaName);
    connection.release();
    const [next] = await world.in(0, () =>
      world.pool.promise().query<RowDataPacket[]>("select user() as user"),
    );
    expect(next[0]!["user"]).toContain(world.user);
  });

  it("has no properties and listeners of its last holder", async () => {
    const heard: unknown[] = [];
    const first = await take(0);
    Object.assign(first, { mine: 1 });
    const listener = (): void => void heard.push(1);
    first.on("error", listener);
    first.once("end", listener);
    first.promise().on("end", listener);
    expect(first).toHaveProperty("mine");
    first.release();
    const second = await take(1);
    expect("mine" in second).toBe(false);
    await world.admin.query(`kill ${await idOf(second)}`);
    await second
      .promise()
      .query("select 1")
      .catch(() => undefined);
    second.release();
    await world.in(1, () => world.pool.promise().query("select 1"));
    expect(heard).toEqual([]);
  });
});

describeMysql("whoever is told of a release, or of a lost connection", () => {
  it("gets no connection without a scope", async () => {
    const said: unknown[] = [];
    const ask = (): void => {
      world.pool.getConnection((error: unknown) => said.push((error as { code?: string }).code));
    };
    const first = await take(0);
    for (const event of ["release", "acquire", "enqueue", "connection"]) world.pool.on(event, ask);
    const second = take(1);
    first.release();
    (await second).release();
    const third = await take(0);
    third.on("end", ask);
    const fourth = take(1);
    third.destroy();
    (await fourth).release();
    await expect.poll(() => said.length).toBeGreaterThan(4);
    expect(new Set(said)).toEqual(new Set(["TENANT_REQUIRED"]));
    world.pool.removeAllListeners();
  });
});

describeMysql("a statement on the pool itself", () => {
  it.each(["begin", "start transaction", "BEGIN WORK"])(
    "leaves no transaction open: %s",
    async (text) => {
      for (const how of ["query", "execute"] as const) {
        const sent = world.in(0, () => send(world.pool.promise(), how, text));
        // The engines differ in what can be prepared.
        await expect(sent).rejects.toThrow(/TRANSACTION_LEFT_OPEN|prepared statement protocol/);
      }
      await world.in(0, () => world.pool.promise().query("delete from note where id = 1"));
      const [rows] = await world.admin.query<RowDataPacket[]>(
        `select count(*) as n from \`${world.tenants[0]!.schemaName}\`.note`,
      );
      expect(rows[0]).toEqual({ n: 1 });
    },
  );
});
