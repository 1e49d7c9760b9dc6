import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { MYSQL2 } from "../../support/engines.ts";
import { code, createWorld, type World } from "../lifecycle/world.ts";
import { describeSchema, makeRichSchema, quote } from "./rich-schema.ts";

describe.skipIf(inject("mysql") === undefined)("renaming a tenant's database", () => {
  let world: World;
  let isMariaDb: boolean;

  beforeAll(async () => {
    world = await createWorld({ lockTimeoutMs: 1_500 }, MYSQL2);
    const { rows } = await world.admin.query<{ version: string }>("select version() as version");
    isMariaDb = /mariadb/i.test(rows[0]?.version ?? "");
  });

  afterAll(() => world.close());

  const run = async (...statements: readonly string[]): Promise<void> => {
    for (const text of statements) await world.admin.query(text);
  };
  const read = async <Row>(text: string): Promise<Row[]> =>
    (await world.admin.query<Row>(text)).rows;
  const databases = (): Promise<{ name: string }[]> =>
    read(
      `select schema_name as name from information_schema.schemata where left(schema_name, ${world.schema("").length}) = '${world.schema("")}' order by 1`,
    );
  const exists = async (name: string): Promise<boolean> =>
    (await databases()).some((each) => each.name === name);
  const moves = async (): Promise<unknown[]> =>
    read(`select * from \`${world.globalSchema}\`.kirayedar_moves where position >= 0`);

  it("takes along everything of every kind, exactly as it was", async () => {
    const from = world.schema("rich");
    const to = world.schema("it`s_%_new");
    const beside = world.schema("beside");
    await world.tenancy.create("rich");
    await makeRichSchema(world.admin, { beside, name: from }, isMariaDb);
    const before = await describeSchema(world, from);
    for (const [view, rows] of Object.entries(before)) expect(rows, view).not.toHaveLength(0);
    const besideBefore = await describeSchema(world, beside);
    await world.tenancy.rename("rich", { schemaName: to });
    expect(await exists(from)).toBe(false);
    const after = await describeSchema(world, to);
    // One by one: a difference in one of them is easier to read.
    for (const [view, rows] of Object.entries(before)) expect(after[view], view).toEqual(rows);
    // The other database's foreign key follows.
    const quoted = quote(to);
    const nameIn = (described: unknown, name: string): string =>
      JSON.stringify(described)
        .replaceAll(JSON.stringify(JSON.stringify(name)).slice(1, -1), "<name>")
        .replaceAll(
          JSON.stringify(JSON.stringify(quote(name)).slice(1, -1)).slice(1, -1),
          "<name>",
        );
    expect(nameIn(await describeSchema(world, beside), to)).toBe(nameIn(besideBefore, from));
    await run(`use ${quoted}`, "insert into author (name, age) values ('cid', 101)");
    const logged = await read<{ what: string }>("select what from log order by id");
    expect(logged.map(({ what }) => what).slice(-3)).toEqual(["first cid", "second cid!ü", "old"]);
    expect(await read("select two, fan_id from b_names where id = 1")).toEqual([
      { fan_id: 7, two: 2 },
    ]);
    expect(await read("select literal from names limit 1")).toEqual([
      { literal: `${from}.author` },
    ]);
    await expect(run("insert into likes values (8)")).rejects.toMatchObject({ errno: 1452 });
    await expect(run("insert into names (name) values ('x')")).resolves.toBeUndefined();
    expect(await moves()).toEqual([]);
    expect(await world.tenancy.get("rich")).toMatchObject({ schemaName: to, state: "active" });
    await run(`drop table ${quoted}.likes`, `drop database \`${beside}\``);
    await world.tenancy.drop("rich");
  });

  it("names what it cannot move, and changes nothing", async () => {
    const { id } = await world.tenancy.create("stays");
    const name = world.schema("stays");
    const cases: readonly (readonly [make: string, message: RegExp, drop: string])[] = [
      [
        `create procedure p() select * from ${name}.note`,
        /the procedure "p" names/,
        "drop procedure p",
      ],
      [
        `create procedure p() begin set @q = 'select 1 from \`${name}\`.note'; prepare s from @q; end`,
        /the procedure "p" names/,
        "drop procedure p",
      ],
      [
        `create trigger t before insert on note for each row set @n = (select count(*) from ${name} . note)`,
        /the trigger "t" names/,
        "drop trigger t",
      ],
      [
        `create event e on schedule every 1 day do delete from ${name}.note`,
        /the event "e" names/,
        "drop event e",
      ],
      [
        `create view v as select ${name}.id from note as ${name}`,
        /the view "v" uses the name/,
        "drop view v",
      ],
      [
        "create table gone (a int); create view v as select a from gone; drop table gone",
        /the view "v" cannot be made/,
        "drop view v",
      ],
    ];
    for (const [make, message, drop] of cases) {
      await run(`use \`${name}\``, ...make.split(/; (?=create|drop)/));
      const refused = world.tenancy.rename("stays", { schemaName: true, slug: "goes" });
      await expect(refused).rejects.toMatchObject(code("SCHEMA_NOT_MOVABLE"));
      await expect(refused).rejects.toThrow(message);
      expect(await world.tenancy.get({ id })).toMatchObject({ slug: "stays", state: "active" });
      expect(await exists(world.schema("goes"))).toBe(false);
      await run(`use \`${name}\``, drop);
    }
    expect(await moves()).toEqual([]);
    expect(await world.tenancy.rename("stays", { schemaName: true, slug: "goes" })).toMatchObject({
      id,
      schemaName: world.schema("goes"),
    });
  });

  it("finds out what the user may not make before it moves anything", async () => {
    const user = world.schema("user");
    const [{ host } = { host: "%" }] = await read<{ host: string }>(
      "select substring_index(user(), '@', -1) as host",
    );
    const account = `'${user}'@'${host}'`;
    const any = world.schema("").replaceAll("_", "\\_");
    await run(
      `create user ${account} identified by 'secret'`,
      `grant all on \`${any}%\`.* to ${account}`,
      `grant all on \`${world.globalSchema}\`.* to ${account}`,
    );
    const url = new URL(world.url);
    url.username = user;
    url.password = "secret";
    const limited = world.another({ driver: { url: url.href } });
    const { id } = await limited.create("limited");
    const name = world.schema("limited");
    const made = [
      [
        "trigger",
        `create definer = nobody@nowhere trigger x after insert on note for each row set @a = 1`,
      ],
      ["procedure", "create definer = nobody@nowhere procedure x() select 1"],
      [
        "event",
        "create definer = nobody@nowhere event x on schedule every 1 day disable do select 1",
      ],
      ["view", "create definer = nobody@nowhere view x as select id from note"],
    ] as const;
    for (const [kind, make] of made) {
      await run(`use \`${name}\``, make);
      const refused = limited.rename("limited", { schemaName: true, slug: "free" });
      await expect(refused).rejects.toMatchObject(code("SCHEMA_NOT_MOVABLE"));
      // Nor may it see how a procedure of somebody else's was made.
      await expect(refused).rejects.toThrow(
        kind === "procedure" ? /"x" cannot be read/ : /"x" cannot be made/,
      );
      expect(await world.tenancy.get({ id })).toMatchObject({ schemaName: name, state: "active" });
      expect(await exists(world.schema("free"))).toBe(false);
      await run(`use \`${name}\``, `drop ${kind} x`);
    }
    expect(await limited.rename("limited", { schemaName: true, slug: "free" })).toMatchObject({
      schemaName: world.schema("free"),
    });
    // What is not seen would be dropped with the old database.
    const unseen = [
      ["event", "event", "create event x on schedule every 1 day disable do select 1"],
      ["alter routine, execute, create routine", "procedure", "create procedure x() select 1"],
    ] as const;
    for (const [right, kind, make] of unseen) {
      await run(
        `use \`${world.schema("free")}\``,
        make,
        `revoke ${right} on \`${any}%\`.* from ${account}`,
      );
      const refused = world
        .another({ driver: { url: url.href } })
        .rename("free", { schemaName: true, slug: "limited" });
      await expect(refused).rejects.toMatchObject(code("SCHEMA_NOT_MOVABLE"));
      await run(`drop ${kind} x`, `grant ${right} on \`${any}%\`.* to ${account}`);
    }
    expect((await world.tenancy.get({ id })).state).toBe("active");
    await run(`drop user ${account}`);
  });

  it("gives the tenant back its names and state when somebody keeps a table", async () => {
    await world.tenancy.create("held");
    await world.tenancy.suspend("held");
    const name = world.schema("held");
    await run(`create view \`${name}\`.v as select id from \`${name}\`.note`);
    const other = await world.connect();
    await other.query(`begin; insert into \`${name}\`.note (body) values ('mine')`);
    await expect(
      world.tenancy.rename("held", { schemaName: true, slug: "released" }),
    ).rejects.toMatchObject(code("TENANT_BUSY"));
    expect(await world.tenancy.get("held")).toMatchObject({ schemaName: name, state: "suspended" });
    expect(await exists(world.schema("released"))).toBe(false);
    await other.query("commit");
    await other.end();
    const moved = await world.tenancy.rename("held", { schemaName: true, slug: "released" });
    expect(moved).toMatchObject({ schemaName: world.schema("released"), state: "suspended" });
    expect(await read(`select body from \`${world.schema("released")}\`.note`)).toEqual([
      { body: "first" },
      { body: "mine" },
    ]);
  });

  it("touches no database that is there already", async () => {
    await world.tenancy.create("mover");
    const taken = world.schema("foreign");
    await world.makeForeign(taken);
    await expect(world.tenancy.rename("mover", { schemaName: taken })).rejects.toMatchObject(
      code("SCHEMA_EXISTS"),
    );
    await world.checkForeign(taken);
    expect(await world.tenancy.get("mover")).toMatchObject({ state: "active" });
  });

  it("moves a name that differs only in case where the server tells them apart", async () => {
    await world.tenancy.create("case");
    const [row] = await read<{ names: number }>("select @@lower_case_table_names as names");
    const to = world.schema("CASE");
    const outcome: unknown = await world.tenancy
      .rename("case", { schemaName: to })
      .catch((error: unknown) => error);
    const expected = row?.names === 0 ? { schemaName: to } : code("INVALID_SCHEMA_NAME");
    expect(outcome).toMatchObject(expected);
  });

  it("renames many tenants at once, whose notes lie side by side", async () => {
    const tenancies = [world.tenancy, world.another(), world.another()];
    const slugs = Array.from({ length: 9 }, (_none, number) => `many${number}`);
    await Promise.all(slugs.map((slug) => world.tenancy.create(slug)));
    for (const round of [1, 2, 3]) {
      const renames = slugs.map(async (slug, number) => {
        const schemaName = world.schema(`${slug}_${round}`);
        return await tenancies[number % 3]?.rename(slug, { schemaName });
      });
      expect((await Promise.all(renames)).map((tenant) => tenant?.state)).toEqual(
        slugs.map(() => "active"),
      );
    }
    expect(await moves()).toEqual([]);
  }, 120_000);

  it("loses no write and no trigger of those who write meanwhile", async () => {
    await world.tenancy.create("busy");
    const name = world.schema("busy");
    await run(
      `use \`${name}\``,
      "create table entry (id int auto_increment primary key, by_whom int)",
      "create table journal (entry_id int)",
      "create trigger noted after insert on entry for each row insert into journal values (new.id)",
    );
    const end = new AbortController();
    const errors = new Set<unknown>();
    const write = async (whom: number): Promise<number> => {
      const client = await world.connect();
      let count = 0;
      while (!end.signal.aborted) {
        try {
          await client.query(`insert into \`${name}\`.entry (by_whom) values (${whom})`);
          count += 1;
        } catch (error) {
          errors.add((error as { errno?: unknown }).errno);
          await sleep(1);
        }
      }
      await client.end();
      return count;
    };
    const writers = [1, 2, 3, 4].map((whom) => write(whom));
    await sleep(100);
    await world.tenancy.rename("busy", { schemaName: true, slug: "calm" });
    await sleep(50);
    end.abort();
    const written = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    expect(written).toBeGreaterThan(20);
    // Gone are first the table, and then the database.
    expect([...errors].every((errno) => errno === 1146 || errno === 1049)).toBe(true);
    expect(
      await read(
        `select (select count(*) from \`${world.schema("calm")}\`.entry) as entries, (select count(*) from \`${world.schema("calm")}\`.journal) as noted`,
      ),
    ).toEqual([{ entries: written, noted: written }]);
    expect(await exists(name)).toBe(false);
  });
});
