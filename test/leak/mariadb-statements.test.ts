import type { EventEmitter } from "node:events";
import type { Connection } from "mariadb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MariadbOptions } from "../../src/drivers/mariadb/index.ts";
import { describeMysql } from "../support/database.ts";
import { createMariadbWorld, type MariadbWorld, ticked } from "../support/mariadb-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeMysql("statements of `mariadb`", () => {
  let world: MariadbWorld;
  let own: readonly string[];

  beforeEach(async () => {
    world = await createMariadbWorld(["acme", "globex"], { connectionLimit: 1 });
    own = world.tenants.map(({ schemaName }) => schemaName);
  });
  afterEach(() => world.close());

  const count = async (schema: string): Promise<number> => {
    const [rows] = await world.admin.query(`select count(*) as n from ${ticked(schema)}.note`);
    return (rows as { n: number }[])[0]!.n;
  };

  describe("that are prepared read the tenant's own rows", () => {
    const OPTIONS: Record<string, MariadbOptions> = {
      "by default": {},
      "when few are kept": { prepareCacheLength: 1 },
      "when none is kept": { prepareCacheLength: 0 },
      "when the server reports no database": { initSql: "set session_track_schema = off" },
      "without pipelining": { pipelining: false },
    };

    it.each(Object.keys(OPTIONS))("%s", async (name) => {
      const { pool } = world.open(OPTIONS[name]);
      const texts = [OWNERS, "select owner, id from note", "select min(owner) as owner from note"];
      for (let turn = 0; turn < 60; turn += 1) {
        const tenant = (turn * 7 + Math.floor(turn / 5)) % 2;
        const text = texts[turn % 3]!;
        const how = turn % 11 === 0 ? "query" : "execute";
        // One that fails when its scope has been entered.
        const failing = world.in(1 - tenant, () => pool.query("select nonsense from note"));
        await expect(failing).rejects.toMatchObject({ errno: 1054 });
        const rows = await world.in(tenant, () => pool[how]<Note[]>(text));
        expect(rows.map(({ owner }) => owner)).toEqual(rows.map(() => own[tenant]));
        expect((await world.in(tenant, () => pool.query<Note[]>(OWNERS)))[0]?.owner).toBe(
          own[tenant],
        );
        const connection = await world.in(tenant, () => pool.getConnection());
        const [row] = await connection.execute<Note[]>(texts[turn % 2]!);
        expect(row?.owner).toBe(own[tenant]);
        await connection.release();
      }
    });

    it("with options of their own", async () => {
      for (let turn = 0; turn < 24; turn += 1) {
        const tenant = turn % 2;
        const sql = "select owner, 1 as a from note where id = :id";
        const asArrays = turn % 3 === 0;
        const [row] = await world.in(tenant, () =>
          world.pool.execute<unknown[]>(
            { namedPlaceholders: true, rowsAsArray: asArrays, sql },
            { id: 1 },
          ),
        );
        expect(row).toEqual(asArrays ? [own[tenant], 1] : { a: 1, owner: own[tenant] });
      }
    });
  });

  it("that are prepared need no switch: they stay in their database", async () => {
    const listening = new Promise<Connection>((resolve) => {
      (world.pool as unknown as EventEmitter).once("connection", resolve);
    });
    for (const tenant of [0, 1, 0, 1]) await world.in(tenant, () => world.pool.execute(OWNERS));
    const raw = await listening;
    const status = async (): Promise<number> => {
      const [row] = await raw.query<{ Value: string }[]>(
        "show session status like 'Com_change_db'",
      );
      return Number(row?.Value);
    };
    const before = await status();
    for (let turn = 0; turn < 20; turn += 1) {
      await world.in(turn % 2, () => world.pool.execute(OWNERS));
      const sql = "select database() as d, owner from note limit 1";
      const rows = await world.in(turn % 2, () => world.pool.execute<unknown[]>(sql));
      expect(rows[0]).toEqual({ d: own[turn % 2], owner: own[turn % 2] });
    }
    // The second text had to be prepared for each of the two.
    expect((await status()) - before).toBeLessThanOrEqual(2);
  });

  it("that are prepared find their tables anew after a migration, and after they were made again", async () => {
    const { schemaName } = world.tenants[0]!;
    const sql = "select * from note limit 1";
    for (let turn = 0; turn < 4; turn += 1) await world.in(0, () => world.pool.execute(sql));
    await world.admin.query(
      `alter table ${ticked(schemaName)}.note add column extra int default 7`,
    );
    expect(await world.in(0, () => world.pool.execute(sql))).toMatchObject([{ extra: 7 }]);
    await world.admin.query(
      `drop database ${ticked(schemaName)}; create database ${ticked(schemaName)};` +
        `create table ${ticked(schemaName)}.note (other int); insert into ${ticked(schemaName)}.note values (5)`,
    );
    expect(await world.in(0, () => world.pool.execute(sql))).toEqual([{ other: 5 }]);
  });

  it("that are kept by their holder run in the scope in which they were prepared", async () => {
    const connection = await world.in(0, () => world.pool.getConnection());
    const statement = await connection.prepare<[number]>("select owner from note where id >= ?");
    expect(statement.id).toBeGreaterThan(0);
    for (let turn = 0; turn < 3; turn += 1) {
      const rows = await world.in(1, () => statement.execute<Note[]>([1]));
      expect(rows.map(({ owner }) => owner)).toEqual([own[0], own[0]]);
      expect(await world.in(1, () => statement.executeStream([2]).toArray())).toEqual([
        { owner: own[0] },
      ]);
    }
    statement.close();
    await expect(statement.execute([1])).rejects.toMatchObject({ code: "ER_PREPARE_CLOSED" });
    await connection.release();
  });

  it("come one at a time: a second one in a text is refused by the server itself", async () => {
    const delete_ = `delete from ${ticked(own[1]!)}.note`;
    const texts = [
      `select 1; ${delete_}`,
      `select 1; use ${ticked(own[1]!)}`,
      `select 'a;b' /* ; */; ${delete_}`,
      `select 1 -- ;\n; ${delete_}`,
      `select 1 /*! ; ${delete_} */`,
      `select "it's"; ${delete_} -- '`,
      `insert into note (owner) values ('a'); ${delete_}; commit`,
    ];
    const inAnsi = await world.in(0, () => world.pool.getConnection());
    await inAnsi.query("set sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'");
    for (const text of [...texts, `select '\\'; ${delete_}; -- '`]) {
      await expect(inAnsi.query(text), text).rejects.toThrow();
    }
    await inAnsi.release();
    for (const text of texts) {
      await expect(
        world.in(0, () => world.pool.query(text)),
        text,
      ).rejects.toThrow();
      await expect(
        world.in(0, () => world.pool.execute(text)),
        text,
      ).rejects.toThrow();
      const connection = await world.in(0, () => world.pool.getConnection());
      await expect(connection.queryStream(text).toArray(), text).rejects.toThrow();
      await connection.release();
    }
    await expect(world.in(0, () => world.pool.query(texts[0]!))).rejects.toMatchObject({
      code: "MULTIPLE_STATEMENTS",
    });
    expect([await count(own[0]!), await count(own[1]!)]).toEqual([2, 2]);
  });

  it("are none that the library makes of a value in another character set", async () => {
    const delete_ = `delete from ${ticked(own[1]!)}.note`;
    for (const [names, value] of [
      ["latin1", `\u0127\u013b ${delete_} -- `],
      ["sjis", `\u00a5'; ${delete_} -- `],
    ] as const) {
      const connection = await world.in(0, () => world.pool.getConnection());
      await connection.query("select 1");
      await connection.query(`set names ${names}`);
      const sent = [
        () => connection.query("select ? as v", [value]),
        () => connection.query({ namedPlaceholders: true, sql: "select :v as v" }, { v: value }),
        () => connection.query(`select 1 as v${value}`),
        () => connection.batch("insert into note (owner) values (?)", [[value]]),
        () => connection.queryStream("select ? as v", [value]).toArray(),
      ];
      for (const send of sent) {
        await expect(send()).rejects.toMatchObject({ code: "INVALID_QUERY" });
      }
      expect(await connection.query("select ? as v", ["a; b"])).toEqual([{ v: "a; b" }]);
      await connection.release();
      expect(await world.in(1, () => world.pool.query("select ? as v", ["\u0127"]))).toEqual([
        { v: "\u0127" },
      ]);
    }
    expect([await count(own[0]!), await count(own[1]!)]).toEqual([2, 2]);
  });

  it("may have a semicolon in a string, a comment, a value or at the end", async () => {
    const texts = [
      "select ';' as s",
      "select 1 /* ; */",
      "select 1;",
      "select 1 ; ",
      "select '; use x'",
    ];
    for (const text of texts) {
      for (const tenant of [0, 1]) {
        await expect(world.in(tenant, () => world.pool.query(text))).resolves.toHaveLength(1);
        await expect(world.in(tenant, () => world.pool.execute(text))).resolves.toHaveLength(1);
      }
    }
    const values = ["'; delete from note; -- ", "\\'; delete from note; -- ", '"; use x; "'];
    for (const mode of ["", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"]) {
      const connection = await world.in(0, () => world.pool.getConnection());
      await connection.query("set sql_mode = ?", [mode]);
      for (const value of values) {
        expect(await connection.query("select ? as v, ';' as s", [value])).toEqual([
          { s: ";", v: value },
        ]);
      }
      await connection.release();
    }
    await world.in(0, () =>
      world.pool.query("create procedure two() begin select 1 as a; select 2 as b; end"),
    );
    expect(await world.in(0, () => world.pool.query("call two()"))).toHaveLength(3);
    expect(await count(own[0]!)).toBe(2);
  });

  it("are missed by the server, in its own words, in an empty text", async () => {
    for (const text of [" ", ";", " ;\n", ";;"]) {
      for (const tenant of [0, 0, 1]) {
        await expect(
          world.in(tenant, () => world.pool.query(text)),
          text,
        ).rejects.toMatchObject({ code: "ER_EMPTY_QUERY" });
      }
    }
  });

  it("may be several in one text where the application has said so", async () => {
    const { pool } = world.open({ multipleStatements: true });
    for (const tenant of [0, 1, 1]) {
      const answers = await world.in(tenant, () =>
        pool.query<Note[][]>(
          "select owner from note limit 1; select min(owner) as owner from note",
        ),
      );
      expect(answers).toEqual([[{ owner: own[tenant] }], [{ owner: own[tenant] }]]);
    }
    await world.in(0, () => pool.query(`select 1; use ${ticked(own[1]!)}`));
    expect(await world.in(0, () => pool.query<Note[]>(OWNERS))).toMatchObject([
      { owner: own[0] },
      { owner: own[0] },
    ]);
  });

  it("are told of in the server's words when they are wrong, with or without a semicolon", async () => {
    for (const text of ["selec 1", "selec ';' as s", "select ';' from nothing", "select ;;"]) {
      const error = await world
        .in(0, () => world.pool.query(text))
        .catch((reason: Error & { errno?: number }) => reason);
      expect([1064, 1146], text).toContain((error as { errno?: number }).errno);
    }
  });
});
