import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Migration } from "../../../src/core/migrator.ts";
import { watchSessions } from "../../support/watched-driver.ts";
import { CREATE_NOTE } from "../lifecycle/world.ts";
import { type BothWays, createMessageWorld, type MessageWorld } from "./message-world.ts";

let world: MessageWorld;
let folder: string;

beforeAll(async () => {
  world = await createMessageWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-message-"));
  return async () => {
    await world.closeOthers();
    await rm(folder, { force: true, recursive: true });
  };
});

/** Migrations behind the first one, in this order. */
function list(...ups: (Migration["up"] | Partial<Migration>)[]): Migration[] {
  return [
    CREATE_NOTE,
    ...ups.map((up, index) => {
      const given = typeof up === "object" ? up : { up };
      return { name: `m${index}`, up: "", version: String(20260102000000 + index), ...given };
    }),
  ];
}

const versions = (...numbers: number[]): string[] =>
  numbers.map((number) => String(20260102000000 + number));

/** Both ways end alike, and whether the message was the one. */
function expectAlike(
  { byMessage, carefully, messages }: BothWays,
  sent: BothWays["messages"],
): void {
  expect(byMessage).toEqual(carefully);
  expect(messages).toEqual(sent);
}

describe("texts that are one message", () => {
  it.each([
    ["a comment at the end", ["create table a (n int) -- done", "create table b (n int)"]],
    ["a block comment at the end", ["create table a (n int) /* done */", "create table b (n int)"]],
    ["semicolons of their own", ["create table a (n int);", "create table b (n int); ;"]],
    ["nothing but a semicolon", [";", "create table b (n int)", ";;"]],
    ["nothing", ["", "-- nothing\n", "create table b (n int)", "  "]],
    [
      "bodies in dollars",
      [
        "create function f() returns int language plpgsql as $$ begin return 1; end $$",
        "create function g() returns text language sql as $body$ select '$$;' $body$; select f()",
        "do $$ begin perform f(); end $$",
      ],
    ],
    [
      "strings that the next could go on with",
      ["insert into note (body) values ('a')", "insert into note (body) select\n'b'"],
    ],
    [
      "backslashes and quotes",
      [
        String.raw`insert into note (body) values ('a\'), (E'\'b\\'), ('it''s')`,
        'create table "odd "" name" (n int)',
      ],
    ],
    [
      "windows' line ends",
      ["create table a (\r\n  n int\r\n);\r\n-- done\r\n", "create table b (n int)\r\n"],
    ],
  ])("with %s", async (_what, ups) => {
    const both = await world.bothWays({ tenant: list(...ups) });
    expectAlike(both, ["done"]);
    expect(both.byMessage.said).toEqual(versions(...ups.keys()));
    expect(both.byMessage.registry?.["migrations_digest"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("from files, with a byte order mark", async () => {
    await writeFile(join(folder, "20260101000001_create_note.sql"), String(CREATE_NOTE.up));
    await writeFile(join(folder, "20260102000000_a.sql"), "\ufeffcreate table a (n int);\r\n");
    await writeFile(
      join(folder, "20260102000001_b.sql"),
      "-- migrate:up\r\ncreate table b (n int)\r\n-- migrate:down\r\ndrop table b\r\n",
    );
    const both = await world.bothWays({ tenant: folder });
    expectAlike(both, ["done"]);
    expect(both.byMessage.said).toEqual(versions(0, 1));
  });

  it("with odd names and checksums", async () => {
    const odd = String.raw`it's "odd" \ $$ $1 $kirayedar$; -- é ☃ 🐘`;
    const both = await world.bothWays({
      tenant: list(
        { checksum: odd, name: odd, up: "create table a (n int)" },
        { checksum: `${odd}\n:`, name: "E'", up: "create table b (n int)" },
      ),
    });
    expectAlike(both, ["done"]);
    expect(both.byMessage.history.at(-1)).toMatchObject({ name: "E'" });
  });

  it("in schemas with odd names", async () => {
    const both = await world.bothWays({
      change: (schema, slug) => {
        const name = String.raw`odd "${slug}" it's \ $$ $1`;
        const quoted = `"${name.replaceAll('"', '""')}"`;
        return (
          `alter schema ${schema} rename to ${quoted}; ` +
          `update tenants set schema_name = '${name.replaceAll("'", "''")}' where slug = '${slug}'`
        );
      },
      tenant: list("create table a (n int)", "insert into note (body) values ('second')"),
    });
    expectAlike(both, ["done"]);
    expect(both.byMessage.said).toEqual(versions(0, 1));
  });

  it("with a setting of its own, if there is but one", async () => {
    const up =
      "set local work_mem = '5MB'; create table a as select current_setting('work_mem') as v";
    const both = await world.bothWays({ tenant: list(up) });
    expectAlike(both, ["done"]);
    expect(both.byMessage.said).toEqual(versions(0));
  });
});

describe("what a migration does to its transaction", () => {
  const look = "insert into note (body) select current_setting('work_mem')";

  it.each([
    ["by a statement", "set local work_mem = '5MB'", []],
    ["by a function", "select set_config('work_mem', '5MB', true)", []],
    ["in a block", "do $$ begin set local work_mem = '5MB'; end $$", ["done"]],
    [
      "in a block of a function",
      "create function s() returns void language plpgsql as $$ begin set local work_mem = '5MB'; end $$; select s()",
      ["done"],
    ],
  ] as const)("does not reach the next one: %s", async (_how, up, sent) => {
    const both = await world.bothWays({ tenant: list(up, look) });
    expectAlike(both, sent);
    expect(both.byMessage.schema).toContainEqual({ body: "4MB" });
  });

  it("does not lead the next one elsewhere", async () => {
    const elsewhere = "do $$ begin set local search_path = public; end $$";
    const both = await world.bothWays({
      tenant: list(elsewhere, "create table elsewhere (n int)"),
    });
    expectAlike(both, ["done"]);
    expect(both.byMessage.schema).toContainEqual({ columns: "n integer", table_name: "elsewhere" });
  });

  it.each([
    ["a default", "alter table note add column n int default lead()"],
    ["a quoted name", 'alter table note add column n int default "lead" ()'],
    ["a comment in between", "alter table note add column n int default lead/* */()"],
    ["another type", "alter table note alter column body type text using lead()::text"],
    ["a constraint", "alter table note add constraint c check (lead() = 1)"],
    ["a constraint that is checked later", "alter table note validate constraint c"],
  ])("does not lead the next one elsewhere by a function that it calls: %s", async (what, text) => {
    const lead =
      "language plpgsql as $$ begin perform set_config('search_path', 'public', true); return 1; end $$";
    const both = await world.bothWays({
      change: (schema) =>
        `create function ${schema}.lead() returns int ${lead}` +
        (what.includes("later")
          ? `; alter table ${schema}.note add constraint c check (${schema}.lead() = 1) not valid`
          : ""),
      tenant: list(text, "create table elsewhere (n int)"),
    });
    expectAlike(both, ["done"]);
    expect(both.byMessage.schema).toContainEqual({ columns: "n integer", table_name: "elsewhere" });
  });

  it("does not change who writes the history", async () => {
    const role = "do $$ begin set local role pg_monitor; end $$";
    const both = await world.bothWays({
      tenant: list("create table a (n int)", role, "create table b (n int)"),
    });
    expect(both.byMessage.history.at(-1)).toMatchObject({ is_finished: true });
    expect(both.byMessage.schema).toContainEqual({ columns: "n integer", table_name: "a" });
  });

  it("does not end how long the next one waits for a lock", async () => {
    const waits = "do $$ begin set local lock_timeout = 0; end $$";
    const show = "insert into note (body) select 'waits ' || current_setting('lock_timeout')";
    const both = await world.bothWays({ tenant: list(waits, show) });
    expectAlike(both, ["done"]);
    expect(both.byMessage.schema).not.toContainEqual({ body: "waits 0" });
  });
});

describe("texts that cannot be one message end as they do alone", () => {
  it.each([
    [
      "a comment that does not end",
      [
        "create table a (n int); /* not done",
        "create table b (n int); /* */ create table c (n int)",
      ],
    ],
    [
      "a string that does not end",
      [
        "insert into note (body) values ('a",
        "b'); create table c (n int); insert into note (body) values ('c')",
      ],
    ],
    [
      "a body that does not end",
      ["do $$ begin null;", "end $$; create table c (n int); do $$ begin end $$"],
    ],
    ["a name that does not end", ['create table "a', 'b" (n int); create table "c" (n int)']],
  ])("%s", async (_what, ups) => {
    const both = await world.bothWays({ tenant: list(...ups) });
    expect(both.byMessage).toEqual(both.carefully);
    expect(both.byMessage.said).toMatchObject({ isTenancyError: true });
    expect(both.messages).toEqual([]);
  });

  it("a value of an enumeration that the next one uses", async () => {
    const both = await world.bothWays({
      change: (schema) => `create type ${schema}.mood as enum ('glad')`,
      tenant: list("alter type mood add value 'sad'", "create table a as select 'sad'::mood as m"),
    });
    expectAlike(both, ["failed"]);
    expect(both.byMessage.said).toEqual(versions(0, 1));
  });

  it("constraints that are looked at only at the end", async () => {
    const both = await world.bothWays({
      tenant: list(
        "create table p (id int primary key); create table c (p int references p deferrable initially deferred)",
        "insert into c values (1); insert into p values (1)",
        "alter table c add column n int",
      ),
    });
    expectAlike(both, ["failed"]);
    expect(both.byMessage.said).toEqual(versions(0, 1, 2));
  });

  it("a function among them", async () => {
    const both = await world.bothWays({
      tenant: list("create table a (n int)", async (db) => {
        await db.query("insert into a values (1)");
      }),
    });
    expectAlike(both, []);
    expect(both.byMessage.said).toEqual(versions(0, 1));
  });

  it("one that refuses a transaction", async () => {
    const index = "create index concurrently note_body on note (body)";
    const both = await world.bothWays({
      tenant: list("create table a (n int)", { transaction: false, up: index }),
    });
    expectAlike(both, []);
    expect(both.byMessage.said).toEqual(versions(0, 1));
    const undeclared = await world.bothWays({ tenant: list(index) });
    expectAlike(undeclared, ["failed"]);
    expect(undeclared.byMessage.said).toMatchObject({ code: "MIGRATION_FAILED" });
  });

  it("an older one that came later", async () => {
    const late = { name: "late", up: "create table late (n int)", version: "20260101000000" };
    const lines = world.log.length;
    const both = await world.bothWays({ tenant: [late, ...list("create table a (n int)")] });
    expectAlike(both, []);
    expect(both.byMessage.said).toEqual([late.version, ...versions(0)]);
    const warned = world.log.slice(lines).filter(({ level }) => level === "warn");
    expect(warned.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => "migration applied out of order"),
    );
  });

  it("a file that was changed after it had been applied", async () => {
    const [, ...rest] = list("create table a (n int)");
    const both = await world.bothWays({
      tenant: [{ ...CREATE_NOTE, up: `${String(CREATE_NOTE.up)} ` }, ...rest],
    });
    expectAlike(both, []);
    expect(both.byMessage.said).toMatchObject({ code: "MIGRATION_CHANGED" });
  });

  it("a file that is missing", async () => {
    const [, ...rest] = list("create table a (n int)");
    const lines = world.log.length;
    const both = await world.bothWays({ tenant: rest });
    expectAlike(both, []);
    expect(both.byMessage.said).toEqual(versions(0));
    const warned = world.log.slice(lines).filter(({ level }) => level === "warn");
    expect(warned).toHaveLength(2);
  });
});

describe("a migration that fails", () => {
  it.each([
    ["the first of two", ["create table a (n int);\n\nselect 1/0", "create table b (n int)"]],
    [
      "the second of two",
      [
        "create table a (n int)",
        "create table b (n int);\n-- why\nselect nonsense\n  from note; select 1",
      ],
    ],
    [
      "at the end of its transaction",
      [
        "create table p (id int primary key); create table c (p int references p deferrable initially deferred); insert into c values (1)",
      ],
    ],
    [
      "in a block",
      ["do $$ begin\n raise exception 'no, %', 'never' using errcode = 'P0042'; end $$"],
    ],
    ["with what may not be in it", ["create table a (n int); commit"]],
    ["with another schema's path", ["create table a (n int)", "set search_path = public"]],
    ["with a syntax error", ["create table a (n int)", "create tabel b (n int)"]],
  ])("is reported as it is alone: %s", async (_which, ups) => {
    const both = await world.bothWays({ tenant: list(...ups) });
    expect(both.byMessage).toEqual(both.carefully);
    expect(both.byMessage.said).toMatchObject({ isTenancyError: true });
    expect(both.messages).not.toContain("done");
  });
});

describe("a history at odds with the registry", () => {
  const behind = list("create table a (n int)");
  const done = list("create table a (n int)", "create table b (n int)");
  const digest = "update tenants set migrations_digest =";

  it.each([
    ["no fingerprint", (_schema: string, slug: string) => `${digest} null where slug = '${slug}'`],
    [
      "another fingerprint",
      (_schema: string, slug: string) => `${digest} repeat('0', 64) where slug = '${slug}'`,
    ],
    [
      "one that is halfway",
      (_schema: string, slug: string) => `${digest} 'partial' where slug = '${slug}'`,
    ],
    [
      "a line too many",
      (schema: string) =>
        `insert into ${schema}.kirayedar_migrations (version, name, checksum, duration_ms, is_finished, statements_done) values ('20260101000009', 'strange', 'x', 0, true, 0)`,
    ],
    [
      "an unfinished line",
      (schema: string) =>
        `insert into ${schema}.kirayedar_migrations (version, name, checksum, duration_ms, is_finished, statements_done) values ('20260102000001', 'm1', 'x', 0, false, 1)`,
    ],
    [
      "no history",
      (schema: string) => `drop table ${schema}.kirayedar_migrations; drop table ${schema}.note`,
    ],
  ])("is found, and the tenant ends as it does alone: %s", async (_what, change) => {
    const both = await world.bothWays({ before: behind, change, tenant: done });
    expect(both.byMessage).toEqual(both.carefully);
    expect(both.messages).not.toContain("done");
  });

  it("is found by the message itself, for a tenant whose fingerprint others have", async () => {
    const first = world.another({ migrations: { global: [], tenant: behind } });
    const slugs = ["odds0", "odds1", "odds2"];
    for (const slug of slugs) await first.create(slug);
    // Somebody restored one schema from a copy that was older, and another one from a newer.
    await world.admin.query(
      "delete from tenant_odds1.kirayedar_migrations where version = '20260102000000'; drop table tenant_odds1.a",
    );
    await world.another({ migrations: { global: [], tenant: done } }).migrate("odds2");
    await world.admin.query(
      "update tenants t set migrations_digest = o.migrations_digest, version = o.version from tenants o where o.slug = 'odds0' and t.slug = 'odds2'",
    );
    const { messages, tenancy } = world.watched({ migrations: { global: [], tenant: done } });
    const result = await tenancy.migrateAll({ concurrency: 1, only: slugs });
    expect(messages).toEqual(["done", "failed", "failed"]);
    expect(result.counts).toEqual({ changed: 2, failed: 0, notReached: 0, unchanged: 1 });
    const [one, two, three] = await Promise.all(slugs.map((slug) => world.outcome(slug)));
    expect(two).toEqual(one);
    expect(three).toEqual(one);
  });
});

describe("a tenancy that cannot send messages", () => {
  it("migrates all the same, with what the application did to its connections", async () => {
    await world.admin.query(
      "create role fleet_owner; grant fleet_owner to current_user; grant all on schema public to fleet_owner; grant all on all tables in schema public to fleet_owner",
    );
    await world.another().create("owned");
    await world.admin.query(
      "alter schema tenant_owned owner to fleet_owner; alter table tenant_owned.kirayedar_migrations owner to fleet_owner",
    );
    const onConnect = (client: { query(text: string): unknown }): unknown =>
      client.query("set role fleet_owner");
    const { messages, tenancy } = world.watched({
      driver: { onConnect } as object,
      migrations: { global: [], tenant: list("create table a (n int)", "create table b (n int)") },
    });
    const result = await tenancy.migrateAll({ only: ["owned"] });
    expect(result.results).toMatchObject([{ ok: true, versions: versions(0, 1) }]);
    expect(messages).toEqual([]);
    const { rows } = await world.admin.query(
      "select distinct tableowner from pg_tables where schemaname = 'tenant_owned' and tablename in ('a', 'b')",
    );
    expect(rows).toEqual([{ tableowner: "fleet_owner" }]);
  });

  it("migrates all the same, with a driver that has none", async () => {
    await world.another().create("plain");
    const plain = world.another({
      migrations: { global: [], tenant: list("create table a (n int)") },
      wrap: (driver) => watchSessions(driver, (_step, run) => run(), false),
    });
    const result = await plain.migrateAll({ only: ["plain"] });
    expect(result.results).toMatchObject([{ ok: true, versions: versions(0) }]);
    expect((await world.outcome("plain")).schema).toContainEqual({
      columns: "n integer",
      table_name: "a",
    });
  });
});
