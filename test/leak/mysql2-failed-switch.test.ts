import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { backquoted, createMysqlWorld, type MysqlWorld, send } from "../support/mysql-world.ts";

let world: MysqlWorld;

beforeEach(async () => {
  world = await createMysqlWorld(["a", "b", "gone"], { connectionLimit: 1 });
  await world.admin.query(`drop database ${backquoted(world.tenants[2]!.schemaName)}`);
  // The connection is the first tenant's now.
  await world.in(0, () => world.pool.promise().query("select 1"));
});
afterEach(async () => {
  await world.close();
});

async function expectUntouched(): Promise<void> {
  for (const tenant of [1, 0]) {
    const [rows] = await world.in(tenant, () =>
      world.pool.promise().query("select owner from note"),
    );
    const owner = world.tenants[tenant]!.schemaName;
    expect(rows).toEqual([{ owner }, { owner }]);
  }
}

describeMysql("a statement in the scope of a database that is gone", () => {
  it.each(["delete from note", "delete from note where body <> ';'", "", ";"])(
    "runs nowhere, and says so: query %j",
    async (text) => {
      await expect(world.in(2, () => world.pool.promise().query(text))).rejects.toMatchObject({
        code: "SCHEMA_NOT_FOUND",
        tenant: "t2",
      });
      expect(world.missing).toEqual([world.tenants[2]!.schemaName]);
      await expectUntouched();
    },
  );

  it("runs nowhere, and says so: execute, a stream, and a lease", async () => {
    const missing = { code: "SCHEMA_NOT_FOUND" };
    await expect(
      world.in(2, () => world.pool.promise().execute("delete from note")),
    ).rejects.toMatchObject(missing);
    await world.in(2, async () => {
      const [error] = (await once(world.pool.query("delete from note").stream(), "error")) as [
        Error,
      ];
      expect(error).toMatchObject(missing);
      const connection = await world.pool.promise().getConnection();
      const all = [
        connection.query("delete from note"),
        connection.execute("delete from note"),
        connection.prepare("delete from note"),
        connection.query("delete from note where body = ';'"),
        connection.beginTransaction(),
      ];
      for (const one of all) await expect(one).rejects.toMatchObject(missing);
      connection.release();
    });
    await expectUntouched();
  });

  it("is told apart from a table that is missing, when the session is in it already", async () => {
    await world.in(1, () => world.pool.promise().execute("select * from note"));
    await expect(
      world.in(1, () => world.pool.promise().query("select * from nothing")),
    ).rejects.toMatchObject({ errno: 1146 });
    expect(world.missing).toEqual([]);
    await world.admin.query(`drop database ${backquoted(world.tenants[1]!.schemaName)}`);
    for (const how of ["execute", "query"] as const) {
      await expect(
        world.in(1, () => send(world.pool.promise(), how, "select * from note")),
      ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    }
    expect(world.missing).toHaveLength(2);
  });

  it("is found out also by a user who may not see it", async () => {
    const { createUser } = world.database;
    const url = await createUser({ database: "all" });
    const limited = await createMysqlWorld(["x"], { connectionLimit: 1, uri: url });
    await limited.admin.query(`drop database ${backquoted(limited.tenants[0]!.schemaName)}`);
    await expect(
      limited.in(0, () => limited.pool.promise().query("select 1")),
    ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    await limited.close();
  });
});
