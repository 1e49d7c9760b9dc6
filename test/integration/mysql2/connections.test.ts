import { once } from "node:events";
import type { RowDataPacket } from "mysql2";
import type { PoolConnection } from "mysql2/promise";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeMysql } from "../../support/database.ts";
import { coreOf, createMysqlWorld, type MysqlWorld, send } from "../../support/mysql-world.ts";

let world: MysqlWorld;

beforeEach(async () => {
  world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
});
afterEach(async () => {
  await world.close();
});

async function idOf(connection: PoolConnection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>("select connection_id() as id");
  return rows[0]!["id"] as number;
}

async function read(tenant: number): Promise<unknown> {
  const [rows] = await world.in(tenant, () =>
    world.pool.promise().query("select owner from note limit 1"),
  );
  return rows;
}

const expected = (tenant: number): unknown => [{ owner: world.tenants[tenant]!.schemaName }];

async function untilRunning(id: number): Promise<void> {
  await expect
    .poll(async () => {
      const [rows] = await world.admin.query<RowDataPacket[]>(
        "select info from information_schema.processlist where id = ?",
        [id],
      );
      return String(rows[0]?.["info"]);
    })
    .toContain("sleep");
}

describeMysql("a connection that the server ends", () => {
  it("while it is idle is replaced", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const id = await idOf(connection);
    connection.release();
    await world.admin.query(`kill ${id}`);
    await expect.poll(() => read(1).catch(() => undefined)).toEqual(expected(1));
    expect(await read(0)).toEqual(expected(0));
  });

  it("while it is held fails whatever is sent on it, and is replaced", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    await world.admin.query(`kill ${await idOf(connection)}`);
    await expect(connection.query("select sleep(1)")).rejects.toThrow();
    await expect(connection.query("select 1")).rejects.toThrow();
    await expect(connection.execute("select 1")).rejects.toThrow();
    await expect(connection.ping()).rejects.toThrow();
    const [error] = (await once(coreOf(connection).query("select 1"), "error")) as [Error];
    expect(error).toBeInstanceOf(Error);
    connection.release();
    connection.release();
    expect(await read(1)).toEqual(expected(1));
  });

  it.each(["query", "execute"] as const)("during a %s", async (how) => {
    const text = "select sleep(20), owner from note";
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const id = await idOf(connection);
    connection.release();
    const pool = world.pool.promise();
    const running = world.in(0, () => (how === "query" ? pool.query(text) : pool.execute(text)));
    const next = read(1);
    const failed = running.then(
      () => undefined,
      (error: unknown) => error,
    );
    await untilRunning(id);
    await world.admin.query(`kill ${id}`);
    expect(await failed).toBeInstanceOf(Error);
    // Who waits gets a new connection, or the news of the old one's end.
    await next.catch(() => undefined);
    expect(await read(1)).toEqual(expected(1));
  });

  it("during a stream, on the pool and on a connection", async () => {
    const text = "select sleep(20), owner from note";
    for (const isLease of [false, true]) {
      const connection = await world.in(0, () => world.pool.promise().getConnection());
      const id = await idOf(connection);
      if (!isLease) connection.release();
      const failed = world.in(0, () => {
        const query = isLease ? coreOf(connection).query(text) : world.pool.query(text);
        return once(query.stream(), "error");
      });
      await untilRunning(id);
      await world.admin.query(`kill ${id}`);
      expect((await failed)[0]).toBeInstanceOf(Error);
      connection.release();
      expect(await read(1)).toEqual(expected(1));
    }
  });

  it("because a message was too long is not the next holder's loss", async () => {
    const [rows] = await world.admin.query<RowDataPacket[]>("select @@max_allowed_packet as size");
    const text = `select length('${"x".repeat(Number(rows[0]!["size"]))}')`;
    for (const how of ["query", "execute"] as const) {
      const tooLong = world.in(0, () => send(world.pool.promise(), how, text));
      const next = read(1);
      await expect(tooLong).rejects.toMatchObject({ code: "ER_NET_PACKET_TOO_LARGE" });
      expect(await next).toEqual(expected(1));
    }
  });

  it("while others wait for it, and when it cannot be cleaned", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const id = await idOf(connection);
    await connection.query("set @mine = 1");
    const waiting = [read(0), read(1)];
    await world.admin.query(`kill ${id}`);
    connection.release();
    expect(await Promise.all(waiting)).toEqual([expected(0), expected(1)]);
  });
});

describeMysql("a connection that the application ends", () => {
  it("leaves nothing waiting, and is replaced", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const running = [connection.query("select sleep(0.2)"), connection.execute("select 1")];
    connection.destroy();
    await Promise.allSettled(running);
    await expect(connection.query("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    expect(await read(1)).toEqual(expected(1));
  });
});
