import type { RowDataPacket } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMysqlWorld, type MysqlWorld, send } from "../support/mysql-world.ts";

let world: MysqlWorld;
/** As `world`, for texts of several statements. */
let several: MysqlWorld;

const NAMES = ["a", "b", "`", "*/ drop table note --", "%"];
const READ = "select owner, database() as here from note where id = ?";

describeMysql("a prepared statement", () => {
  beforeAll(async () => {
    world = await createMysqlWorld(NAMES, { connectionLimit: 1, maxPreparedStatements: 3 });
  });
  afterAll(() => world.close());

  it("reads its own tenant's rows, though all have the same text", async () => {
    for (let round = 0; round < 3; round += 1) {
      for (const [tenant, { schemaName }] of world.tenants.entries()) {
        const [rows] = await world.in(tenant, () => world.pool.promise().execute(READ, [1]));
        expect(rows).toEqual([{ here: schemaName, owner: schemaName }]);
      }
    }
  });

  it("needs no switch once it is prepared, and leaves the session where it is", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const read = async (): Promise<void> => {
      const [rows] = await connection.execute(READ, [1]);
      expect(rows).toEqual([expect.objectContaining({ owner: world.tenants[0]!.schemaName })]);
    };
    await read();
    connection.release();
    await world.in(1, () => world.pool.promise().execute(READ, [1]));
    const [rows] = await world.in(0, () => world.pool.promise().execute(READ, [1]));
    expect(rows).toEqual([expect.objectContaining({ owner: world.tenants[0]!.schemaName })]);
    const [next] = await world.in(1, () => world.pool.promise().query("select owner from note"));
    expect(next).toContainEqual({ owner: world.tenants[1]!.schemaName });
  });

  it("is closed for the next one, so that the server keeps few", async () => {
    const status = async (): Promise<number> => {
      const [rows] = await world.in(0, () =>
        world.pool
          .promise()
          .query<RowDataPacket[]>(
            "show session status where variable_name in ('Com_stmt_prepare', 'Com_stmt_close')",
          ),
      );
      const counts = Object.fromEntries(
        rows.map((row) => [row["Variable_name"] as string, Number(row["Value"])]),
      );
      return counts["Com_stmt_prepare"]! - counts["Com_stmt_close"]!;
    };
    for (let n = 0; n < 20; n += 1) {
      await world.in(n % 5, () => world.pool.promise().execute(`select ${n}, ?`, [n]));
    }
    expect(await status()).toBeLessThanOrEqual(4);
  });

  it("is forgotten by its text, and by its own `close`", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    const statement = await connection.prepare(READ);
    await statement.close();
    // It would be found in `mysql2`'s cache, and be unknown to the server.
    expect((await connection.execute(READ, [1]))[0]).toHaveLength(1);
    connection.unprepare(READ);
    const again = await connection.prepare(READ);
    expect(((await again.execute([1])) as [unknown[], unknown])[0]).toHaveLength(1);
    connection.release();
  });

  it("shows its own text where it fails", async () => {
    const text = "select nonsense from note";
    await expect(world.in(0, () => world.pool.promise().execute(text))).rejects.toMatchObject({
      sql: text,
    });
  });
});

describeMysql("a second statement in one text", () => {
  beforeAll(async () => {
    world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
    several = await createMysqlWorld(["a", "b"], { connectionLimit: 1, multipleStatements: true });
  });
  afterAll(async () => {
    await world.close();
    await several.close();
  });

  it.each([
    "select 1; delete from note",
    "select 1;delete from note;",
    "select 1 /* ; */; delete from note",
    "-- ;\nselect 1; delete from note",
    "select ';' as x; delete from note",
    "select 1;\n\n/* so */ delete from note -- ;",
  ])("is refused by the server: %s", async (text) => {
    for (const tenant of [0, 1, 1, 0]) {
      for (const how of ["query", "execute"] as const) {
        await expect(world.in(tenant, () => send(world.pool.promise(), how, text))).rejects.toThrow(
          how === "query" ? "[MULTIPLE_STATEMENTS]" : "syntax",
        );
      }
      const [rows] = await world.in(tenant, () => world.pool.promise().query("select * from note"));
      expect(rows).toHaveLength(2);
    }
  });

  it("is refused where backslashes mean themselves, and the value ends its string", async () => {
    const connection = await world.in(0, () => world.pool.promise().getConnection());
    await connection.query("set sql_mode = 'NO_BACKSLASH_ESCAPES'");
    const value = "' or 1; delete from note; -- ";
    await expect(connection.query("select * from note where body = ?", [value])).rejects.toThrow(
      "MULTIPLE_STATEMENTS",
    );
    expect((await connection.query("select * from note"))[0]).toHaveLength(2);
    connection.release();
  });

  it("is none when it is in a string, or nothing", async () => {
    for (const [text, value] of [
      ["select ? as v", "a; b"],
      ["select ? as v;", "c"],
      ["select ? as v ; \n ", "; d"],
    ] as const) {
      for (const tenant of [0, 1, 1]) {
        const [rows] = await world.in(tenant, () => world.pool.promise().query(text, [value]));
        expect(rows).toEqual([{ v: value }]);
      }
    }
  });

  it("leaves everything else as it is", async () => {
    for (let round = 0; round < 4; round += 1) {
      const tenant = round % 2;
      await world.in(tenant, () => world.pool.promise().query("select ';' as v, database()"));
      const [rows] = await world.in(1 - tenant, () =>
        world.pool.promise().query("select owner from note limit 1"),
      );
      expect(rows).toEqual([{ owner: world.tenants[1 - tenant]!.schemaName }]);
    }
  });

  it("runs where the application allows it", async () => {
    for (const tenant of [0, 1]) {
      const [results] = await several.in(tenant, () =>
        several.pool.promise().query("select owner from note limit 1; select ';' as v"),
      );
      expect(results).toEqual([[{ owner: several.tenants[tenant]!.schemaName }], [{ v: ";" }]]);
    }
  });
});
