import { describe, expect, it } from "vitest";
import { scriptSql } from "../../../../src/dialects/postgres/script-sql.ts";

describe("a definition, on PostgreSQL", () => {
  it.each([
    "create table t (id int primary key default f(), body text default 'a (b)')",
    "-- why\ncreate unlogged table t (n numeric(10, 2) check (f(n)))",
    "alter table t add column n varchar(20) not null",
    "alter table t add column at timestamptz not null default now()",
    "alter table t add column id uuid default gen_random_uuid (), add column n int default 0",
    "alter table t add foreign key (a) references u (id)",
    "alter table t drop column n",
    "create index on t (a, b desc) include (c) with (fillfactor = 70)",
    "create unique index i on t using btree (a text_pattern_ops)",
    "create type t as enum ('a', 'b')",
    "comment on table t is 'it''s'",
    "drop table if exists t cascade",
  ])("sets nothing, and calls nothing: %s", (text) => {
    expect(scriptSql.isDefinition(text)).toBe(true);
  });

  it.each([
    "alter table t add column n int default f()",
    'alter table t add column n int default "f" ()',
    "alter table t add column n int default s.f/* */(now())",
    "alter table t alter n type text",
    "alter table t alter n type text using f(n)",
    "alter table t add check (f(n))",
    "alter table t validate constraint c",
    "alter table t attach partition p default",
    "create index on t (f(a))",
    "create index on t ((a || b))",
    "create index on t (a) where f(a)",
    "create table t as table v",
    "create table t as (table v)",
    "create table t as select f()",
    "create temp table t (n int)",
    "create function f() returns int language sql as '1'",
    "create view v as table t",
    "do $$ begin end $$",
    "set local work_mem = '5MB'",
    "insert into t default values",
  ])("is none that may call a function, or set something: %s", (text) => {
    expect(scriptSql.isDefinition(text)).toBe(false);
  });
});
