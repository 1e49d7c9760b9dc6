import type { RowDataPacket } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { type RunningMysql, startMysql } from "../support/mysql-server.ts";
import { createMysqlWorld, type MysqlWorld } from "../support/mysql-world.ts";

describeMysql("prepared statements at the server's limit", () => {
  let server: RunningMysql;
  let world: MysqlWorld;

  beforeAll(async () => {
    // The limit is the whole server's, so it needs one of its own.
    const started = await startMysql({ settings: { max_prepared_stmt_count: "4" } });
    if ("unavailable" in started) throw new Error(started.unavailable);
    server = started;
    world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 }, server.url);
  });
  afterAll(async () => {
    await world.close();
    await server.stop();
  });

  async function prepared(): Promise<number> {
    const [rows] = await world.admin.query<RowDataPacket[]>(
      "show global status like 'Prepared_stmt_count'",
    );
    return Number(rows[0]!["Value"]);
  }

  it("run all the same, as those that are kept make room", async () => {
    for (let turn = 0; turn < 40; turn += 1) {
      const text = `select owner, ${Math.floor(turn / 8)} as n from note`;
      const [rows] = await world.in(turn % 2, () =>
        world.pool.promise().execute<RowDataPacket[]>(text),
      );
      expect(rows[0]?.["owner"]).toBe(world.tenants[turn % 2]!.schemaName);
    }
  });

  it("fail where nothing can make room, and run nothing", async () => {
    const holder = await world.in(0, () => world.pool.promise().getConnection());
    for (let n = 0; (await prepared()) < 4; n += 1) await holder.execute(`select ${n}`);
    const other = await createMysqlWorld(["c"], { connectionLimit: 1 }, server.url);
    await expect(
      other.in(0, () => other.pool.promise().execute("delete from note")),
    ).rejects.toMatchObject({ errno: 1461, sql: "delete from note" });
    const [rows] = await other.in(0, () => other.pool.promise().query("select * from note"));
    expect(rows).toHaveLength(2);
    holder.release();
    await other.close();
  });
});
