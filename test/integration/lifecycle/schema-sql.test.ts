import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SchemaObject } from "../../../src/core/schema-sql.ts";
import { schemaSql } from "../../../src/dialects/postgres/schema-sql.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

const NAMES = [
  "plain",
  'with "quotes"',
  "it's \\ odd; drop schema public",
  "Über $1 $ensure$",
  "x".repeat(63),
];

async function find(schemaName: string): Promise<unknown> {
  const { params, text } = schemaSql.exists(schemaName);
  return (await client.query(text, [...params])).rows[0];
}

describe("schemaSql", () => {
  it.each(NAMES)("makes, finds, renames and drops the schema %s", async (name) => {
    expect(await find(name)).toEqual({ exists: false, is_blank: false, tenant_id: null });
    await client.query(schemaSql.create(name, "id-1"));
    expect(await find(name)).toEqual({ exists: true, is_blank: false, tenant_id: "id-1" });
    await client.query(schemaSql.rename!(name, "other name"));
    expect(await find(name)).toEqual({ exists: false, is_blank: false, tenant_id: null });
    expect(await find("other name")).toEqual({ exists: true, is_blank: false, tenant_id: "id-1" });
    await client.query(schemaSql.drop("other name"));
    expect(await find("other name")).toEqual({ exists: false, is_blank: false, tenant_id: null });
    await client.query(schemaSql.drop("other name"));
  });

  it.each(["it's", "back\\slash", "\\'; drop schema public; --", "7"])(
    "keeps the id %s as it is",
    async (id) => {
      await client.query(schemaSql.create("marked", id));
      expect(await find("marked")).toEqual({ exists: true, is_blank: false, tenant_id: id });
      await client.query(schemaSql.drop("marked"));
    },
  );

  it("takes no other comment for a mark", async () => {
    await client.query("create schema foreign_one; comment on schema foreign_one is 'id-1'");
    expect(await find("foreign_one")).toEqual({ exists: true, is_blank: false, tenant_id: null });
    await client.query("drop schema foreign_one");
  });

  it.each(NAMES)("ensures the schema %s, once or twice", async (name) => {
    await client.query(schemaSql.ensure(name));
    await client.query(schemaSql.ensure(name));
    expect(await find(name)).toEqual({ exists: true, is_blank: false, tenant_id: null });
    await client.query(schemaSql.drop(name));
  });

  it("needs no rights to ensure a schema that is there", async () => {
    await client.query(`create role poor_${database.name}; set role poor_${database.name}`);
    try {
      await client.query(schemaSql.ensure("public"));
      await expect(client.query(schemaSql.ensure("another"))).rejects.toThrow("permission denied");
    } finally {
      await client.query(`reset role; drop role poor_${database.name}`);
    }
  });

  it("counts tables of every kind, but no partitions and not the history", async () => {
    await client.query(`create schema counted; set search_path = counted;
      create table plain (id int primary key); create view v as select 1;
      create table parts (id int) partition by list (id); create table part_1 partition of parts for values in (1);
      create table history (); create index on plain (id); create sequence s; create materialized view m as select 1`);
    const { params, text } = schemaSql.countTables("counted", "history");
    expect((await client.query(text, [...params])).rows).toEqual([{ table_count: 2 }]);
    await client.query("reset search_path; drop schema counted cascade");
  });

  it("empties a schema of all kinds of objects, in batches of one", async () => {
    await client.query(`create schema "full ""one"""; set search_path = "full ""one""";
      create type mood as enum ('a', 'b'); create domain positive as int check (value > 0);
      create type pair as (a int, b int); create type span as range (subtype = int);
      create table parent (id int generated always as identity primary key, m mood, p positive);
      create table "Child; drop" (id serial primary key, parent_id int references parent, row pair);
      create table self (id int primary key, other int references self);
      create table parts (id int, primary key (id)) partition by range (id);
      create table part_1 partition of parts for values from (1) to (10) partition by range (id);
      create table part_1_1 partition of part_1 for values from (1) to (5);
      create table base (); create table heir () inherits (base);
      create view v1 as select * from parent; create view v2 as select * from v1;
      create materialized view mv as select * from v2;
      create sequence alone; create table uses_alone (id int default nextval('alone'));
      create function f(int, text default 'x') returns int language sql as 'select 1';
      create function f() returns int language sql as 'select 1';
      create function of_row(parent) returns int language sql as 'select 1';
      create procedure pr(a int) language sql as 'select 1';
      create function add_up(int, int) returns int language sql as 'select $1 + $2';
      create aggregate total(int) (sfunc = add_up, stype = int, initcond = '0');
      create aggregate counted(*) (sfunc = int8inc, stype = bigint, initcond = '0');
      create aggregate pct(float8 order by anyelement)
        (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
      create operator === (leftarg = int, rightarg = int, function = add_up);
      create text search configuration words (copy = simple); create collation nocase (locale = 'C');
      create statistics on_parent on id, m from parent`);
    await client.query("reset search_path");
    const dropped: SchemaObject[] = [];
    for (;;) {
      const { params, text } = schemaSql.batches!.list('full "one"', 1);
      const { rows } = await client.query<SchemaObject>(text, [...params]);
      if (rows.length === 0) break;
      dropped.push(...rows);
      expect(dropped.length).toBeLessThan(60);
      await client.query(schemaSql.batches!.drop(rows));
    }
    const kinds = new Set(dropped.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual([
      "aggregate",
      "function",
      "materialized view",
      "procedure",
      "sequence",
      "table",
      "type",
      "view",
    ]);
    const order = dropped.map(({ name }) => name.replace('"full ""one""".', ""));
    expect(order.indexOf("part_1_1")).toBeLessThan(order.indexOf("part_1"));
    expect(order.indexOf("part_1")).toBeLessThan(order.indexOf("parts"));
    expect(order.indexOf('"Child; drop"')).toBeLessThan(order.indexOf("parent"));
    expect(order.indexOf("heir")).toBeLessThan(order.indexOf("base"));
    await client.query(schemaSql.drop('full "one"'));
    expect(await find('full "one"')).toEqual({ exists: false, is_blank: false, tenant_id: null });
  });

  it("empties a schema in one batch, as in many", async () => {
    await client.query(`create schema cycles; set search_path = cycles;
      create table a (id int primary key, b int); create table b (id int primary key, a int references a);
      alter table a add foreign key (b) references b; create view v as select * from a;
      create function of_a(a) returns int language sql as 'select 1'`);
    await client.query("reset search_path");
    const { params, text } = schemaSql.batches!.list("cycles", 100);
    const { rows } = await client.query<SchemaObject>(text, [...params]);
    expect(rows).toHaveLength(4);
    await client.query(schemaSql.batches!.drop(rows));
    expect((await client.query(text, [...params])).rows).toEqual([]);
    await client.query(schemaSql.drop("cycles"));
  });

  it("leaves the members of an extension to the schema's end", async () => {
    await client.query("create schema extended; create extension citext schema extended");
    const { params, text } = schemaSql.batches!.list("extended", 100);
    expect((await client.query(text, [...params])).rows).toEqual([]);
    await client.query(schemaSql.drop("extended"));
    expect((await client.query("select from pg_extension where extname = 'citext'")).rowCount).toBe(
      0,
    );
  });

  it("knows when a lock was not to be had", async () => {
    await client.query("create table held ()");
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query("begin; lock table held");
    const refused = await client
      .query(`begin; ${schemaSql.limitLockWait(0)}; drop table held`)
      .catch((error: unknown) => error);
    expect(schemaSql.isLockConflict(refused)).toBe(true);
    await client.query("rollback; show lock_timeout");
    await other.end();
    await client.query("drop table held");
    expect(schemaSql.isLockConflict(new Error("other"))).toBe(false);
    expect(schemaSql.isLockConflict(undefined)).toBe(false);
  });

  it("tells the role and the database", async () => {
    const { rows } = await client.query(schemaSql.currentNames().text);
    expect(rows).toEqual([{ database: database.name, role: new URL(database.url).username }]);
  });
});
