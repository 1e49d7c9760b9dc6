import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { drizzleFolder, prismaFolder } from "../../../src/migrate/folders/index.ts";
import { createWorld, type World, type WorldConfig } from "./world.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../migrate/folders/fixtures/${name}`, import.meta.url));

let world: World;
afterEach(() => world.close());

const open = async (config: WorldConfig = {}): Promise<World> => {
  world = await createWorld(config);
  return world;
};

/** An application without tenants, whose tables Drizzle itself made. */
async function openDrizzle(config: WorldConfig = {}): Promise<World> {
  const opened = await open({
    migrations: { global: [], tenant: drizzleFolder(fixture("drizzle")) },
    ...config,
  });
  const client = new pg.Client({ connectionString: opened.url });
  await client.connect();
  try {
    await migrate(drizzle({ client }), { migrationsFolder: fixture("drizzle") });
  } finally {
    await client.end();
  }
  await opened.run(
    "insert into users (name, mood) values ('ada', 'great'); insert into posts (author, title) values (1, 'first')",
  );
  return opened;
}

const tablesOf = async (schema: string): Promise<string[]> => {
  const { rows } = await world.admin.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = $1 order by 1",
    [schema],
  );
  return rows.map(({ name }) => name);
};

describe("what is in `public`", () => {
  it("is moved, with what Drizzle's own history says, and is then a tenant like any other", async () => {
    const { tenancy } = await openDrizzle();
    const dry = await tenancy.adopt({ as: "acme", dryRun: true, schema: "public" });
    expect(dry).toMatchObject({
      adopted: [
        { kind: "table", name: "posts" },
        { kind: "table", name: "users" },
        { kind: "type", name: "mood" },
      ],
      from: "public",
      how: "move",
      pending: [],
      schemaName: "tenant_acme",
      tenant: null,
    });
    expect(dry.left.map(({ name }) => name)).toContain("tenants");
    expect(dry.recorded.map(({ name }) => name)).toEqual([
      "0000_big_harry_osborn",
      "0001_add_body",
    ]);
    expect(await world.contents()).toEqual({ rows: [], schemas: ["drizzle"] });

    const { tenant, ...done } = await tenancy.adopt({
      as: "acme",
      domains: ["acme.test"],
      name: "Acme",
      schema: "public",
    });
    expect(done).toEqual({ ...dry, tenant: undefined });
    expect(tenant).toMatchObject({ domains: ["acme.test"], name: "Acme", state: "active" });
    expect(await tablesOf("tenant_acme")).toEqual(["kirayedar_migrations", "posts", "users"]);
    const left = await tablesOf("public");
    expect(left).not.toContain("users");
    expect(left).toContain("tenants");
    const read = await tenancy.withTenant("acme", async () => [
      (await world.another().get("acme")).version,
    ]);
    expect(read).toEqual([tenant?.version]);
    const { rows } = await (
      await tenancy.tenant("acme")
    ).query(
      "insert into users (name, mood) values ('bob', 'sad') returning id, (select count(*)::int from posts) as posts",
    );
    expect(rows).toEqual([{ id: 2, posts: 1 }]);
    await tenancy.create("globex");
    const run = await tenancy.migrateAll();
    expect(run.counts).toMatchObject({ changed: 0, unchanged: 2 });
    expect((await tenancy.diff()).groups).toEqual([]);
    expect(await tenancy.healthCheck("acme")).toMatchObject({ healthy: true });
  });

  it("leaves extensions, what is kept, and the toolkit's own", async () => {
    const { tenancy } = await open();
    await world.run(`
      create extension citext schema public;
      create table plan (id int primary key);
      create type kind as enum ('a');
      create domain positive as int check (value > 0);
      create type pair as (a int, b kind);
      create table "Odd ""Name" (id int generated always as identity, n positive, k kind, c citext, p pair, plan int references plan);
      create sequence alone;
      create table part (id int, at date) partition by range (at);
      create table part_2026 partition of part for values from ('2026-01-01') to ('2027-01-01');
      create view seen as select * from "Odd ""Name";
      create materialized view counted as select count(*) from seen;
      create function twice(n int) returns int language sql as 'select n * 2';
      create function twice(n text) returns text language sql as 'select n || n';
      create procedure work() language sql as 'select 1';
      create aggregate total(int) (sfunc = int4pl, stype = int);
      create collation mine (locale = 'C');
      create statistics stats on id, n from "Odd ""Name";
      create operator === (leftarg = int, rightarg = int, function = int4eq);
      insert into plan values (1);
      insert into "Odd ""Name" (n, k, c, p, plan) values (1, 'a', 'X', (1, 'a'), 1);
    `);
    const { left, tenant } = await tenancy.adopt({
      applied: "none",
      as: "acme",
      keep: ["plan"],
      schema: "public",
    });
    const reasons = Object.fromEntries(left.map(({ name, reason }) => [name, reason]));
    expect(reasons).toMatchObject({
      citext: "is an extension; tenants find it only where its schema is one of sharedSchemas",
      plan: "is kept",
      tenants: "is the toolkit's own",
    });
    const { rows } = await (
      await tenancy.tenant("acme")
    ).query(`select twice(n) as n, k, (p).b, c::text as c from "Odd ""Name"`);
    expect(rows).toEqual([{ b: "a", c: "X", k: "a", n: 2 }]);
    const inside = await world.admin.query<{ count: number }>(
      "select count(*)::int from pg_depend where refclassid = 'pg_namespace'::regclass and refobjid = 'tenant_acme'::regnamespace",
    );
    expect(inside.rows[0]?.count).toBeGreaterThan(14);
    expect(tenant?.version).toBeNull();
    expect((await tenancy.migrate("acme")).versions).toEqual(["20260101000001"]);
  });

  it("is moved with all parts of it, whatever they are made of", async () => {
    const { tenancy } = await open();
    await world.run(`
      create type span as range (subtype = int, multirange_type_name = spans);
      create type common as range (subtype = int, multirange_type_name = commons);
      create extension file_fdw;
      create server files foreign data wrapper file_fdw;
      create foreign table far (a text) server files options (filename '/dev/null');
      create function of_far(far) returns int language sql as 'select 1';
      create table thing (id serial, s span, visibility text default 'public');
      create function of_thing(thing) returns text language sql as $$ select 'public' $$;
      create materialized view seen as select * from thing;
      create procedure of_seen(seen) language sql as 'select 1';
    `);
    const { adopted, left } = await tenancy.adopt({
      applied: "none",
      as: "acme",
      keep: ["common"],
      schema: "public",
    });
    expect(adopted.map(({ name }) => name)).toContain("span(integer,integer)");
    expect(left.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["common(integer,integer)", "commons", "commons()"]),
    );
    const read = "select spans(span(1, 3), span(5, 7))::text as s";
    const { rows } = await (await tenancy.tenant("acme")).query(read);
    expect(rows).toEqual([{ s: "{[1,3),[5,7)}" }]);
  });

  it("is refused where texts would break, and nothing is changed", async () => {
    const { tenancy } = await open();
    await world.run(`
      create table thing (id int);
      create schema audit;
      create sequence s;
      create text search configuration mine (copy = english);
      create table t (id int default nextval('public.s'::text), b text, v tsvector);
      create function f1() returns bigint language sql as 'select count(*) from public.thing';
      create function f2() returns trigger language plpgsql as $$ begin insert into "public"."thing" values (1); return new; end $$;
      create function f3() returns int language sql set search_path = public, pg_temp as 'select 1';
      create function f4(n text) returns void language plpgsql as $$ begin execute format('delete from public.%I', n); end $$;
      create function f5(n text) returns void language plpgsql as $$ begin execute 'delete from public.' || n; end $$;
      create function f6() returns boolean language sql as $$ select exists (select from pg_tables where schemaname = 'public') $$;
      create function f7() returns text language sql as $$ select set_config('search_path', 'public', true) $$;
      create function audit.f() returns bigint language sql as 'select count(*) from public.thing';
      create trigger g before insert on t for each row execute function tsvector_update_trigger(v, 'public.mine', b);
      create view seen as select nextval('public.s'::text) as n;
    `);
    const before = await tablesOf("public");
    for (const dryRun of [true, false]) {
      const call = { applied: "none", as: "acme", dryRun, schema: "public" };
      const error = await tenancy.adopt(call).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "SCHEMA_NOT_MOVABLE" });
      const { message } = error as Error;
      for (const fact of [
        "default value for column id of table t names public.s",
        "function f1() names public.thing",
        "function f2() names public.thing",
        'function f3() sets a search path with "public" in it',
        'function f4(text) makes names with "public" in them',
        'function f5(text) makes names with "public" in them',
        'function f6() makes names with "public" in them',
        'function f7() makes names with "public" in them',
        "function audit.f() names public.thing",
        "trigger g on table t names public.mine",
        "view seen names public.s",
      ]) {
        expect(message).toContain(`The ${fact}.`);
      }
    }
    expect(await tablesOf("public")).toEqual(before);
    expect(await world.contents()).toEqual({ rows: [], schemas: ["audit"] });
  });

  it("may name what stays, and what another schema has", async () => {
    const { tenancy } = await open();
    await world.run(
      "create table thing (id int); create table plan (id int); create function f() returns bigint language sql as 'select count(*) from public.plan'",
    );
    const { adopted } = await tenancy.adopt({
      applied: "none",
      as: "acme",
      keep: ["plan"],
      schema: "public",
    });
    expect(adopted.map(({ name }) => name)).toEqual(["f()", "thing"]);
  });

  it("is asked for what to keep where there are global migrations", async () => {
    const { tenancy } = await open({
      migrations: {
        global: [{ name: "plans", up: "create table plan (id int)", version: "1" }],
        tenant: [],
      },
    });
    await world.run("create table thing (id int)");
    const call = { applied: "none", as: "acme", schema: "public" };
    await expect(tenancy.adopt(call)).rejects.toMatchObject({ code: "INVALID_QUERY" });
    await expect(tenancy.adopt({ ...call, keep: ["plam"] })).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    const { adopted } = await tenancy.adopt({ ...call, keep: ["plan"] });
    expect(adopted).toEqual([{ kind: "table", name: "thing" }]);
  });

  it("waits for a transaction that uses a table, and gives up in time", async () => {
    const { tenancy } = await open({ lockTimeoutMs: 300 });
    await world.run("create table thing (id int)");
    const other = await world.connect();
    await other.query("begin; insert into thing values (1)");
    const call = tenancy.adopt({ applied: "none", as: "acme", schema: "public" });
    await expect(call).rejects.toMatchObject({ code: "TENANT_BUSY" });
    expect(await world.contents()).toEqual({ rows: [], schemas: [] });
    await other.query("commit");
    await other.end();
  });
});

describe("another schema", () => {
  it("is a tenant in place, under its own name", async () => {
    const { tenancy } = await open();
    await world.run(
      "create schema shop; create table shop.note (id serial, body text); insert into shop.note (body) values ('old')",
    );
    const { how, tenant } = await tenancy.adopt({ applied: "all", as: "acme", schema: "shop" });
    expect([how, tenant?.schemaName, tenant?.version]).toEqual([
      "in-place",
      "shop",
      "20260101000001",
    ]);
    expect((await (await tenancy.tenant("acme")).query("select body from note")).rows).toEqual([
      { body: "old" },
    ]);
    expect(await tenancy.healthCheck("acme")).toMatchObject({ healthy: true });
    await tenancy.drop("acme");
    expect(await tablesOf("shop")).toEqual([]);
  });

  it("is renamed where it is to be moved, and keeps its history of ours", async () => {
    const { tenancy } = await open();
    await tenancy.create("old");
    await world.run("delete from tenants");
    const { recorded, tenant } = await world
      .another()
      .adopt({ as: "acme", how: "move", schema: "tenant_old" });
    expect(recorded).toEqual([{ name: "create_note", version: "20260101000001" }]);
    expect(tenant).toMatchObject({ schemaName: "tenant_acme", version: "20260101000001" });
    expect(await world.contents()).toMatchObject({ schemas: ["tenant_acme"] });
  });

  it("is refused if it is somebody's, or not there", async () => {
    const { tenancy } = await open();
    await tenancy.create("globex");
    await world.run(
      "create schema tenant_taken; create table tenant_taken.t (id int); create schema empty; create table thing (id int)",
    );
    const adopt = (options: Record<string, unknown>): Promise<unknown> =>
      tenancy.adopt({ applied: "none", as: "acme", schema: "public", ...options });
    const code = (expected: string): object => ({ code: expected });
    await expect(adopt({ schema: "tenant_globex" })).rejects.toMatchObject(code("SCHEMA_EXISTS"));
    await expect(adopt({ how: "move", schema: "tenant_globex" })).rejects.toMatchObject(
      code("SCHEMA_EXISTS"),
    );
    await world.run("comment on schema tenant_globex is null");
    await expect(adopt({ how: "move", schema: "tenant_globex" })).rejects.toMatchObject(
      code("SCHEMA_EXISTS"),
    );
    await expect(adopt({ schema: "nowhere" })).rejects.toMatchObject(code("SCHEMA_NOT_FOUND"));
    await expect(adopt({ schema: "empty" })).rejects.toMatchObject(code("INVALID_QUERY"));
    await expect(adopt({ as: "globex" })).rejects.toMatchObject(code("TENANT_EXISTS"));
    await expect(adopt({ as: "taken" })).rejects.toMatchObject(code("SCHEMA_EXISTS"));
    await expect(adopt({ how: "in-place" })).rejects.toMatchObject(code("INVALID_QUERY"));
    await expect(adopt({ how: "sideways" })).rejects.toMatchObject(code("INVALID_QUERY"));
    await expect(adopt({ schema: "" })).rejects.toMatchObject(code("INVALID_QUERY"));
    await expect(adopt({ as: "A B" })).rejects.toMatchObject(code("INVALID_TENANT_ID"));
    await expect(adopt({ schema: "pg_catalog" })).rejects.toMatchObject(
      code("INVALID_SCHEMA_NAME"),
    );
    await expect(adopt({ applied: "7" })).rejects.toMatchObject(code("MIGRATION_NOT_FOUND"));
    await expect(adopt({ applied: "history" })).rejects.toMatchObject(code("HISTORY_MISMATCH"));
  });
});

describe("a history that does not fit", () => {
  it("of Drizzle is refused, and may be overruled", async () => {
    const { tenancy } = await openDrizzle();
    const adopt = (applied?: string): ReturnType<typeof tenancy.adopt> =>
      tenancy.adopt({ as: "acme", dryRun: true, schema: "public", ...(applied && { applied }) });
    await world.run(
      "update drizzle.__drizzle_migrations set hash = 'other' where id = 1; insert into drizzle.__drizzle_migrations (hash, created_at) values ('gone', 1)",
    );
    const message = expect.stringMatching(
      /0000_big_harry_osborn was changed .* 19700101000000 is recorded, and there is no file/,
    );
    await expect(adopt()).rejects.toMatchObject({ code: "HISTORY_MISMATCH", message });
    const [first] = (await adopt("all")).recorded;
    expect((await adopt(first?.version)).pending).toHaveLength(1);
  });

  it("of Prisma is refused where a migration has failed", async () => {
    const { tenancy } = await open({
      migrations: { global: [], tenant: prismaFolder(fixture("prisma")) },
    });
    await world.run(`
      create table _prisma_migrations (
        id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz,
        migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
        started_at timestamptz not null default now(), applied_steps_count integer not null default 0);
      create table "User" (id int);
    `);
    const record = async (name: string, more: string): Promise<void> => {
      const { createHash } = await import("node:crypto");
      const { readFile } = await import("node:fs/promises");
      const text = await readFile(fixture(`prisma/${name}/migration.sql`));
      const checksum = createHash("sha256").update(text).digest("hex");
      await world.admin.query(
        `insert into _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at) values (gen_random_uuid(), $1, $2, ${more})`,
        [checksum, name],
      );
    };
    await record("20260101120000_init", "now(), null");
    await record("20260102120000_add_body", "null, now()");
    await record("20260102120000_add_body", "null, null");
    const call = { as: "acme", schema: "public" };
    const message = expect.stringContaining("add_body has failed halfway");
    await expect(tenancy.adopt(call)).rejects.toMatchObject({ code: "HISTORY_MISMATCH", message });
    await world.run(
      "update _prisma_migrations set rolled_back_at = now() where finished_at is null",
    );
    const { left, pending, recorded } = await tenancy.adopt(call);
    expect(recorded.map(({ name }) => name)).toEqual(["20260101120000_init"]);
    expect(pending).toHaveLength(2);
    expect(left).toContainEqual({
      kind: "table",
      name: "_prisma_migrations",
      reason: "is the history of another tool",
    });
  });
});
