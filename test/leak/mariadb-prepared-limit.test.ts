import { afterAll, beforeAll, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMariadbWorld, type MariadbWorld, ticked } from "../support/mariadb-world.ts";
import { type RunningMysql, startMysql } from "../support/mysql-server.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeMysql("prepared statements at the server's limit", () => {
  let server: RunningMysql;
  let world: MariadbWorld;
  let own: readonly string[];

  beforeAll(async () => {
    // The limit is the whole server's, so it needs one of its own.
    const started = await startMysql({ settings: { max_prepared_stmt_count: "1000" } });
    if ("unavailable" in started) throw new Error(started.unavailable);
    server = started;
    world = await createMariadbWorld(["acme", "globex"], { connectionLimit: 1 }, server.url);
    own = world.tenants.map(({ schemaName }) => schemaName);
  });
  afterAll(async () => {
    await world.close();
    await server.stop();
  });

  const count = async (schema: string): Promise<number> => {
    const [rows] = await world.admin.query(`select count(*) as n from ${ticked(schema)}.note`);
    return (rows as { n: number }[])[0]!.n;
  };

  const PREPARED = "show global status like 'Prepared_stmt_count'";
  const one = async (text: string): Promise<{ n?: number; Value?: string }> => {
    const [rows] = await world.admin.query(text);
    return (rows as { n?: number; Value?: string }[])[0]!;
  };
  const withRoomFor = async (more: number, fn: () => Promise<void>): Promise<void> => {
    const { n } = await one("select @@max_prepared_stmt_count as n");
    const used = Number((await one(PREPARED)).Value);
    await world.admin.query(`set global max_prepared_stmt_count = ${used + more}`);
    try {
      await fn();
    } finally {
      await world.admin.query(`set global max_prepared_stmt_count = ${n}`);
    }
  };

  it("run all the same, as those that are kept make room", async () => {
    await withRoomFor(2, async () => {
      for (let turn = 0; turn < 40; turn += 1) {
        const text = `select owner, ${Math.floor(turn / 8)} as n from note`;
        const rows = await world.in(turn % 2, () => world.pool.execute<Note[]>(text));
        expect(rows[0]?.owner).toBe(own[turn % 2]);
      }
    });
  });

  it("do not run the one that another tenant has prepared last", async () => {
    const insert = "insert into note (owner, body) values (?, 'stray')";
    const { pool } = world.open();
    const holder = await world.in(0, () => pool.getConnection());
    const statement = await holder.prepare(insert);
    await withRoomFor(0, async () => {
      await expect(
        holder.execute("update note set owner = ? where id = 1", ["x"]),
      ).rejects.toMatchObject({ errno: 1461 });
    });
    statement.close();
    await holder.release();
    for (let turn = 0; turn < 3; turn += 1) {
      await world.in(0, () => world.pool.execute(insert, [own[0]]));
    }
    const other = world.open();
    await world.in(1, () => other.pool.execute(OWNERS));
    await withRoomFor(0, async () => {
      await world.in(1, () => world.pool.execute("update note set body = ? where id = 1", ["x"]));
    });
    expect([await count(own[0]!), await count(own[1]!)]).toEqual([5, 2]);
  });
});
