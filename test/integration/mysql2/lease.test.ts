import { text as readText } from "node:stream/consumers";
import { Readable } from "node:stream";
import mysql from "mysql2";
import type { PoolConnection, RowDataPacket } from "mysql2";
import mysqlPromise from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeMysql } from "../../support/database.ts";
import { coreOf, createMysqlWorld, type MysqlWorld } from "../../support/mysql-world.ts";

let world: MysqlWorld;

const own = (tenant = 0): string => world.tenants[tenant]!.schemaName;
const OWNER = "select owner from note limit 1";

function take(tenant = 0): Promise<mysqlPromise.PoolConnection> {
  return world.in(tenant, () => world.pool.promise().getConnection());
}

describeMysql("a connection of the pool", () => {
  beforeAll(async () => {
    world = await createMysqlWorld(["a", "b"], {
      connectionLimit: 1,
      infileStreamFactory: () => Readable.from([Buffer.from("3\tfrom a file\n")]),
    });
  });
  afterAll(() => world.close());

  it("is one of `mysql2`'s own classes, in both styles", async () => {
    const connection = await take();
    const { PoolConnection } = mysql as unknown as { PoolConnection: new () => unknown };
    const { PromiseConnection } = mysqlPromise as unknown as {
      PromiseConnection: new () => unknown;
    };
    expect(coreOf(connection)).toBeInstanceOf(PoolConnection);
    expect(coreOf(connection).promise()).toBeInstanceOf(PromiseConnection);
    expect(connection.threadId).toBeGreaterThan(0);
    expect(connection.config.host).toBeTypeOf("string");
    expect(connection.format("select ?", ["it's"])).toBe("select 'it\\'s'");
    connection.release();
  });

  it("has transactions, savepoints and locks of rows", async () => {
    const connection = await take();
    await connection.beginTransaction();
    await connection.execute("update note set body = ? where id = 1", ["kept"]);
    await connection.query("savepoint here");
    await connection.query("delete from note");
    await connection.query("rollback to savepoint here");
    await connection.query("release savepoint here");
    await connection.query("select * from note for update");
    await connection.commit();
    await connection.beginTransaction();
    await connection.query("delete from note");
    await connection.rollback();
    const [rows] = await connection.query("select body from note order by id");
    expect(rows).toEqual([{ body: "kept" }, { body: "second" }]);
    connection.release();
    expect(world.warnings).toEqual([]);
  });

  it("keeps statements in the order in which they were sent, whatever each has to do first", async () => {
    await world.in(1, () => world.pool.promise().query("select 1"));
    const connection = await take();
    const results = await Promise.all([
      connection.query("create temporary table seen (n int, owner varchar(64))"),
      connection.execute("insert into seen select ?, owner from note limit 1", [1]),
      connection.query("insert into seen select 2, ';' from note limit 1"),
      connection.query("insert into seen select 3, owner from note limit 1"),
      connection.execute("insert into seen select ?, owner from note limit 1", [4]),
      connection.query("select * from seen order by n"),
    ]);
    expect(results.at(-1)![0]).toEqual([
      { n: 1, owner: own() },
      { n: 2, owner: ";" },
      { n: 3, owner: own() },
      { n: 4, owner: own() },
    ]);
    connection.release();
  });

  it("prepares statements, and forgets them", async () => {
    const connection = await take();
    const statement = await connection.prepare("select owner, ? as v from note limit 1");
    for (const v of [1, 2]) {
      const [rows] = (await statement.execute([v])) as [RowDataPacket[], unknown];
      expect(rows).toEqual([{ owner: own(), v }]);
    }
    connection.unprepare("select owner, ? as v from note limit 1");
    await expect(statement.execute([1])).rejects.toMatchObject({ errno: 1243 });
    await expect(connection.prepare("select nonsense")).rejects.toMatchObject({
      errno: 1054,
      sql: "select nonsense",
    });
    connection.release();
  });

  it("resets its session, and stays in its scope", async () => {
    const connection = await take();
    await connection.query("set @mine = 1");
    await connection.beginTransaction();
    await connection.query("delete from note");
    await connection.reset();
    const [rows] = await connection.query(
      "select @mine as mine, count(*) as n, 'ä␀' as letters from note",
    );
    expect(rows).toEqual([{ letters: "ä␀", mine: null, n: 2 }]);
    await connection.ping();
    connection.release();
  });

  it("loads a file of the client's, of which the server asks in the middle of an answer", async (context) => {
    const [settings] = await world.admin.query<RowDataPacket[]>("select @@local_infile as allowed");
    context.skip(settings[0]!["allowed"] === 0, "The server allows no local files.");
    await world.in(1, () => world.pool.promise().query("select 1"));
    const connection = await take();
    await connection.query(
      "load data local infile 'any' into table note (id, body) set owner = database()",
    );
    const [rows] = await connection.query("select owner, body from note where id = 3");
    expect(rows).toEqual([{ body: "from a file", owner: own() }]);
    await connection.query("delete from note where id = 3");
    connection.release();
  });

  it("streams, and goes on when a stream is left early", async () => {
    const connection = await take();
    const core = coreOf(connection);
    const all = core.query("select owner from note").stream();
    const owners = Readable.from(
      (async function* read() {
        for await (const row of all as AsyncIterable<{ owner: string }>) yield row.owner;
      })(),
    );
    expect(await readText(owners)).toBe(own().repeat(2));
    for await (const row of core.query("select * from note n1, note n2").stream()) {
      expect(row).toBeTypeOf("object");
      break;
    }
    expect((await connection.query(OWNER))[0]).toEqual([{ owner: own() }]);
    connection.release();
  });

  it("is given back when it is paused", async () => {
    const connection = await take();
    coreOf(connection).pause();
    connection.release();
    const next = await take(1);
    expect((await next.query(OWNER))[0]).toEqual([{ owner: own(1) }]);
    next.release();
  });

  it("is given back by `using`, `end` and the pool", async () => {
    {
      await using connection = await take();
      expect((await connection.query(OWNER))[0]).toEqual([{ owner: own() }]);
    }
    {
      using connection = coreOf(await take());
      expect((await connection.promise().query(OWNER))[0]).toEqual([{ owner: own() }]);
    }
    const third = coreOf(await take());
    await new Promise<void>((resolve) => {
      third.end(() => resolve());
    });
    const fourth: PoolConnection = coreOf(await take());
    world.pool.releaseConnection(fourth);
    const last = await take();
    world.pool.promise().releaseConnection(last);
    expect((await world.in(1, () => world.pool.promise().query(OWNER)))[0]).toEqual([
      { owner: own(1) },
    ]);
  });
});
