import type { PoolConnection, RowDataPacket } from "mysql2";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMysqlWorld, type MysqlWorld, send } from "../support/mysql-world.ts";

/** What MariaDB alone can do. */
const MARIADB_ONLY = /execute immediate|begin not atomic/;
const isMariadb = inject("mysql")?.flavour === "mariadb";
const isHere = (text: string): boolean => isMariadb || !MARIADB_ONLY.test(text);

let world: MysqlWorld;

beforeEach(async () => {
  world = await createMysqlWorld(["a", "b"], { connectionLimit: 1 });
});
afterEach(async () => {
  await world.close();
});

async function rowOf(tenant: number, text: string): Promise<Record<string, unknown>> {
  const [rows] = await world.in(tenant, () => world.pool.promise().query<RowDataPacket[]>(text));
  return rows[0]!;
}

const lock = "select is_used_lock('mine') as v";
const variable = "select @mine as v";
const waits = "select @@session.lock_wait_timeout as v";

const LEFT: readonly (readonly [what: string, text: string, look: string])[] = [
  ["a lock", "select get_lock('mine', 0)", lock],
  ["a lock by a quoted name", "select `get_lock` /* */ ('mine', 0)", lock],
  ["a lock in a comment that runs", "select 1 /*! , get_lock('mine', 0) */", lock],
  ["a variable", "set @mine = 1", variable],
  ["a variable in an expression", "select @mine := 1", variable],
  ["a variable by any name", "select @é := 1", "select @é as v"],
  ["a variable by a quoted name", "select @`a``b` := 1", "select @`a``b` as v"],
  ["a variable from a result", "select 1 into/**/@mine", variable],
  ["a procedure", "call p()", variable],
  ["a text of the server's own", "execute immediate 'set @mine = 1'", variable],
  ["a block", "begin not atomic set @mine = 1; end", variable],
  ["several lines", "-- as usual\n# always\n/* so */ set @mine = 1", variable],
];

describeMysql("what a text leaves in the session is removed before the next holder", () => {
  it.each(LEFT.filter(([, text]) => isHere(text)))("%s", async (_what, text, look) => {
    await world.admin.query(
      `use \`${world.tenants[0]!.schemaName}\`; create procedure p() set @mine = 1`,
    );
    await world.in(0, () => world.pool.promise().query(text));
    expect((await rowOf(1, look))["v"]).toBe(null);
  });

  it("settings, and how the next transaction is isolated", async () => {
    const before = (await rowOf(1, waits))["v"];
    await world.in(0, () => world.pool.promise().query("set lock_wait_timeout = 7"));
    expect((await rowOf(1, waits))["v"]).toBe(before);

    const first = (await rowOf(0, "select connection_id() as v"))["v"];
    await world.in(0, () => world.pool.promise().query("set transaction read only"));
    await world.in(1, () =>
      world.pool.promise().query("insert into note (owner) values (database())"),
    );
    expect((await rowOf(1, "select connection_id() as v"))["v"]).toBe(first);
  });

  it("temporary tables and locked tables", async () => {
    await world.in(0, () =>
      world.pool.promise().query("create temporary table hidden as select 1 as x"),
    );
    await expect(
      world.in(0, () => world.pool.promise().query("select * from hidden")),
    ).rejects.toThrow("hidden");
    await world.in(0, () => world.pool.promise().query("lock tables note write"));
    await world.in(1, () => world.pool.promise().query("select count(*) from note"));
  });

  it("what a prepared statement leaves, too", async () => {
    await world.in(0, () => world.pool.promise().execute("set @mine = 1"));
    expect((await rowOf(1, variable))["v"]).toBe(null);
  });

  it("what a value brings as SQL of its own, too", async () => {
    const raw = { toSqlString: () => "get_lock('mine', 0)" };
    await world.in(0, () => world.pool.promise().query("select ?", [raw]));
    expect((await rowOf(1, lock))["v"]).toBe(null);
  });

  it("also where the statement failed", async () => {
    await expect(
      world.in(0, () => world.pool.promise().query("select @mine := 1 from note where nonsense")),
    ).rejects.toThrow("nonsense");
    await expect(
      world.in(0, () => world.pool.promise().query("set @mine = 1, lock_wait_timeout = 'x'")),
    ).rejects.toThrow("lock_wait_timeout");
    expect((await rowOf(1, variable))["v"]).toBe(null);
  });
});

describeMysql("a reset session", () => {
  it("keeps the character set in which the client library writes", async () => {
    const server = "select @@global.character_set_client as v";
    const before = (await rowOf(0, server))["v"] as string;
    const names = "select @@character_set_client as v, @@collation_connection as c";
    const opened = await rowOf(0, names);
    await world.admin.query("set global character_set_client = latin1");
    try {
      await world.in(0, () => world.pool.promise().query("set @mine = 1"));
      expect(await rowOf(0, names)).toEqual(opened);
      expect(await rowOf(1, "select 'ä␀' as v")).toEqual({ v: "ä␀" });
    } finally {
      await world.admin.query(`set global character_set_client = ${before}`);
    }
  });

  it("is the same connection; one that the application has set up is closed instead", async () => {
    const id = "select connection_id() as v";
    const first = await rowOf(0, id);
    await world.in(0, () => world.pool.promise().query("set @mine = 1"));
    expect(await rowOf(0, id)).toEqual(first);

    world.pool.on("connection", (connection: PoolConnection) => {
      connection.query("set @setup = 1");
    });
    await world.in(0, () => world.pool.promise().query("set @mine = 1"));
    const second = await rowOf(0, "select connection_id() as v, @setup as setup");
    expect(second["v"]).not.toEqual(first["v"]);
    expect(second["setup"]).toBe(1);
    expect(await rowOf(0, "select connection_id() as v, @setup as setup")).toEqual(second);
  });
});

describeMysql("a statement that goes to another database", () => {
  it.each(["use x", "/* as usual */ USE x", "use/**/x"])("is refused: %s", async (text) => {
    for (const how of ["query", "execute"] as const) {
      await expect(world.in(0, () => send(world.pool.promise(), how, text))).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
    }
  });

  it.each(["execute immediate 'use ?'", "/*! use ? */", "drop database ?"].filter(isHere))(
    "%s",
    async (template) => {
      const { schemaName } = world.tenants[1]!;
      const text = template.replace("?", `\`${schemaName}\``);
      await world.in(template.startsWith("drop") ? 1 : 0, () => world.pool.promise().query(text));
      expect((await rowOf(0, "select owner from note"))["owner"]).toBe(
        world.tenants[0]!.schemaName,
      );
    },
  );

  it.runIf(isMariadb)("and fails then, so that the server does not say where it went", async () => {
    const use = `begin not atomic execute immediate 'use \`${world.tenants[1]!.schemaName}\`'; signal sqlstate '45000'; end`;
    await world.in(0, async () => {
      const connection = await world.pool.promise().getConnection();
      await connection.query("select 1");
      await expect(connection.query(use)).rejects.toMatchObject({ sqlState: "45000" });
      const [rows] = await connection.query("select owner from note limit 1");
      expect(rows).toEqual([{ owner: world.tenants[0]!.schemaName }]);
      connection.release();
    });
  });

  it("past the driver is noticed", async () => {
    const { schemaName } = world.tenants[1]!;
    world.pool.on("acquire", (connection: PoolConnection) => {
      connection.query(`use \`${schemaName}\``);
    });
    for (let use = 0; use < 3; use += 1) {
      const row = await rowOf(0, "select owner from note");
      expect(row["owner"]).toBe(world.tenants[0]!.schemaName);
    }
  });

  it("of several in one text is noticed", async () => {
    await world.close();
    world = await createMysqlWorld(["a", "b"], { connectionLimit: 1, multipleStatements: true });
    const text = `select 1; use \`${world.tenants[1]!.schemaName}\``;
    await world.in(0, () => world.pool.promise().query(text));
    expect((await rowOf(0, "select owner from note"))["owner"]).toBe(world.tenants[0]!.schemaName);
    await world.in(0, () => world.pool.promise().query("select 1; set @mine = 1"));
    expect((await rowOf(1, variable))["v"]).toBe(null);
  });
});

describeMysql("what the last statement of a session has left", () => {
  it.each([
    "select last_insert_id()",
    "select `last_insert_id` ( )",
    "select @@identity",
    "select row_count()",
    "select found_rows()",
    "show warnings",
    "show count(*) errors",
    "get diagnostics @x = number",
  ])("is not read by a statement on the pool: %s", async (text) => {
    await world.in(0, () =>
      world.pool.promise().query("insert into note (owner) values (database())"),
    );
    for (const how of ["query", "execute"] as const) {
      await expect(world.in(1, () => send(world.pool.promise(), how, text))).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
    }
  });

  it("is read on a connection that has left it itself, and not before", async () => {
    await world.in(0, () => world.pool.promise().query("insert into note (owner) values ('x')"));
    const connection = await world.in(1, () => world.pool.promise().getConnection());
    await expect(connection.query("show warnings")).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    await connection.query("select 1");
    await connection.query("show warnings");
    const text = "select last_insert_id() as id";
    await expect(connection.query(text)).rejects.toMatchObject({ code: "INVALID_QUERY" });
    const [{ insertId }] = (await connection.query(
      "insert into note (owner) values (database())",
    )) as [{ readonly insertId: number }, unknown];
    expect((await connection.query(text))[0]).toEqual([{ id: insertId }]);
    connection.release();
  });

  it("is written without being read", async () => {
    const text = "update note set body = last_insert_id(7) where id = 1";
    const [result] = await world.in(0, () => world.pool.promise().query(text));
    expect(result).toMatchObject({ insertId: 7 });
  });
});
