import { afterAll, beforeAll, expect, it } from "vitest";
import { quoteIdentifier } from "../../../src/dialects/mysql/identifier.ts";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import {
  createTestMysqlDatabase,
  describeMysql,
  type TestMysqlDatabase,
} from "../../support/database.ts";
import { openRawClient, type RawClient, type Row } from "./raw-client.ts";

const { schema } = mysql;

const NAMES = [
  "plain",
  "with `backticks`",
  "it's; do nothing",
  'a "?" and 100% _',
  "back\\slash \\' --",
  "*/ Über-größe /*!80000",
  "a.b/c",
];

describeMysql("the SQL of MySQL's databases", () => {
  let database: TestMysqlDatabase;
  let client: RawClient;

  beforeAll(async () => {
    database = await createTestMysqlDatabase();
    client = await openRawClient(database.url);
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const nameOf = (name: string): string => database.prefix + name;

  async function find(schemaName: string): Promise<unknown> {
    const statement = schema.exists(schemaName);
    const [row] = await client.query(statement);
    expect(await client.execute(statement)).toEqual([row]);
    return row;
  }

  const missing = { exists: 0, is_blank: 0, tenant_id: null };
  const blank = { exists: 1, is_blank: 1, tenant_id: null };
  const marked = (id: string): Row => ({ exists: 1, is_blank: 0, tenant_id: id });

  for (const sqlMode of ["", "NO_BACKSLASH_ESCAPES,ANSI_QUOTES"]) {
    it.each(NAMES)(`makes, finds and drops %j with the modes "${sqlMode}"`, async (plain) => {
      const name = nameOf(plain);
      // What a client library puts into the text itself is its own business, not this one's.
      const byServer = async (): Promise<Row | undefined> =>
        (await client.execute(schema.exists(name)))[0];
      await client.query(`set session sql_mode = '${sqlMode}'`);
      try {
        expect(await byServer()).toEqual(missing);
        await client.script(schema.create(name, "id-1"));
        expect(await byServer()).toEqual(marked("id-1"));
        expect(await client.query(schema.listOutside(name, 5))).toEqual([]);
        await client.script(schema.drop(name));
        expect(await byServer()).toEqual(missing);
        await client.script(schema.drop(name));
        await client.script(schema.ensure(name));
        await client.script(schema.ensure(name));
        expect(await byServer()).toEqual(blank);
        await client.script(schema.enter(name, []));
        const [names] = await client.query(schema.currentNames());
        expect(String(names?.["database"]).toLowerCase()).toBe(name.toLowerCase());
      } finally {
        await client.script(schema.drop(name));
        await client.query("set session sql_mode = default");
      }
    });
  }

  it.each(["it's", "back\\slash", "\\'; do nothing; --", "7", "é😀", "\u0000", ""])(
    "keeps the id %j as it is",
    async (id) => {
      await client.script(schema.create(nameOf("marked"), id));
      expect(await find(nameOf("marked"))).toEqual(marked(id));
      await client.script(schema.drop(nameOf("marked")));
    },
  );

  it("keeps the longest id that the registry can have", async () => {
    const id = "€".repeat(255);
    await client.script(schema.create(nameOf("marked"), id));
    expect(await find(nameOf("marked"))).toEqual(marked(id));
    await client.script(schema.drop(nameOf("marked")));
  });

  it("says that a name is taken, and marks nothing", async () => {
    const name = nameOf("taken");
    await client.script(schema.ensure(name));
    const failed = await client
      .script(schema.create(name, "id-1"))
      .catch((error: unknown) => error);
    expect(schema.isTaken(failed)).toBe(true);
    expect(await find(name)).toEqual(blank);
    await client.script(schema.drop(name));
  });

  it.each([
    ["a table", "create table $.t (id int)"],
    ["a view", "create view $.v as select 1"],
    ["a procedure", "create procedure $.p() select 1"],
    ["a function", "create function $.f() returns int deterministic return 1"],
    ["an event", "create event $.e on schedule every 1 day disable do select 1"],
  ])("takes a database with %s for nobody's, and not for a blank one", async (_what, text) => {
    const name = nameOf("foreign");
    await client.script(schema.ensure(name));
    await client.query(text.replace("$", quoteIdentifier(name)));
    expect(await find(name)).toEqual({ exists: 1, is_blank: 0, tenant_id: null });
    await client.script(schema.drop(name));
  });

  it("takes no other table of the mark's name for a mark", async () => {
    const name = nameOf("foreign");
    await client.script(schema.ensure(name));
    await client.query(
      `create table ${quoteIdentifier(name)}.kirayedar_tenant (id int) comment 'tenant 1'`,
    );
    expect(await find(name)).toEqual({ exists: 1, is_blank: 0, tenant_id: null });
    await client.script(schema.drop(name));
  });

  it("tells names apart as the server does", async () => {
    const [row] = await client.query("select @@lower_case_table_names as folding");
    const isSame = row?.["folding"] !== 0;
    await client.script(schema.create(nameOf("case"), "lower"));
    const upper = await find(nameOf("CASE"));
    expect(upper).toEqual(isSame ? marked("lower") : missing);
    expect(await find(nameOf("casé"))).toEqual(missing);
    await client.script(schema.drop(nameOf("case")));
  });

  it("makes databases that can hold any text, whatever the server's default is", async () => {
    for (const [setting, expected] of [
      ["latin1", "utf8mb4"],
      ["utf8mb4 collate utf8mb4_unicode_ci", "utf8mb4_unicode_ci"],
    ] as const) {
      await client.query(
        setting === "latin1"
          ? "set session character_set_server = latin1"
          : "set session collation_server = utf8mb4_unicode_ci",
      );
      await client.script(schema.create(nameOf("text"), "7"));
      const [row] = await client.query({
        params: [nameOf("text")],
        text: `select concat(default_character_set_name, ' ', default_collation_name) as value
          from information_schema.schemata where schema_name = ?`,
      });
      expect(row?.["value"]).toContain(expected);
      await client.script(schema.drop(nameOf("text")));
    }
    await client.query("set session collation_server = default");
  });

  it("needs no rights to ensure a database that is there", async () => {
    const user = `u_${database.name}`;
    await client.query(`create user ${user} identified by 'pw'`);
    await client.query(`grant select on ${database.name}.* to ${user}`);
    const poor = await openRawClient(database.url, { password: "pw", user });
    try {
      await poor.script(schema.ensure(database.name));
      await expect(poor.script(schema.ensure(nameOf("another")))).rejects.toMatchObject({
        errno: 1044,
      });
      const [names] = await poor.query(schema.currentNames());
      expect(names).toEqual({ database: database.name, role: user });
    } finally {
      await poor.end();
      await client.query(`drop user ${user}`);
    }
  });

  it("counts tables, but neither views nor the history nor the mark", async () => {
    const name = nameOf("counted");
    await client.script(schema.create(name, "7"));
    await client.script(schema.enter(name, []));
    await client.query("create table plain (id int)");
    await client.query("create view v as select 1");
    await client.query("create table history (id int)");
    expect(await client.query(schema.countTables(name, "history"))).toEqual([{ table_count: 1 }]);
    await client.script(schema.drop(name));
  });

  it("finds foreign keys of other databases, which would stop a drop halfway", async () => {
    const [name, other] = [nameOf("it's `odd` \\ 100%-é"), nameOf("other-one")];
    const [inside, outside] = [quoteIdentifier(name), quoteIdentifier(other)];
    const user = `v_${database.name}`;
    await client.script(schema.create(name, "7"));
    await client.script(schema.ensure(other));
    await client.query(`create table ${inside}.a (id int primary key)`);
    await client.query(`create table ${inside}.b (id int primary key)`);
    await client.query(
      `create table ${inside}.c (b int, foreign key (b) references ${inside}.b (id))`,
    );
    await client.query(
      `create table ${outside}.\`the table\` (b int, c int, foreign key (b) references ${inside}.b (id),
        foreign key (c) references ${inside}.b (id))`,
    );
    const expected = [{ object: `foreign key of ${other}.the table` }];
    expect(await client.query(schema.listOutside(name, 5))).toEqual(expected);
    expect(await client.query(schema.listOutside(other, 5))).toEqual([]);
    // Somebody who may not read InnoDB's own tables gets the same from the standard's.
    await client.query(`create user ${user} identified by 'pw'`);
    await client.query(`grant select, insert on *.* to ${user}`);
    const poor = await openRawClient(database.url, { password: "pw", user });
    try {
      expect(await poor.query(schema.listOutside(name, 5))).toEqual(expected);
    } finally {
      await poor.end();
      await client.query(`drop user ${user}`);
    }
    await expect(client.script(schema.drop(name))).rejects.toThrow();
    await client.query(`drop table ${outside}.\`the table\``);
    await client.script(schema.drop(name));
    expect(await find(name)).toEqual(missing);
  });

  it("gives up when a lock is not free in time, and has dropped nothing then", async () => {
    const name = nameOf("busy");
    const other = await openRawClient(database.url);
    try {
      await client.script(schema.create(name, "7"));
      await client.query(`create table ${quoteIdentifier(name)}.a (id int)`);
      await client.query(`create table ${quoteIdentifier(name)}.z (id int)`);
      await other.query("begin");
      await other.query(`select * from ${quoteIdentifier(name)}.z`);
      await client.query(schema.limitLockWait(1));
      const failed = await client.script(schema.drop(name)).catch((error: unknown) => error);
      expect(schema.isLockConflict(failed)).toBe(true);
      expect(await client.query(schema.countTables(name, ""))).toEqual([{ table_count: 2 }]);
      await client.query(schema.endLockLimit as string);
      const [limits] = await client.query(
        "select @@lock_wait_timeout = @@global.lock_wait_timeout as a, @@innodb_lock_wait_timeout = @@global.innodb_lock_wait_timeout as b",
      );
      expect(limits).toEqual({ a: 1, b: 1 });
    } finally {
      await other.end();
      await client.script(schema.drop(name));
    }
  });
});
