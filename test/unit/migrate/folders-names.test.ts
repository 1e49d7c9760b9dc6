import { describe, expect, it } from "vitest";
import { mysql } from "../../../src/dialects/mysql/index.ts";
import { postgres } from "../../../src/dialects/postgres/index.ts";

const own = (script: string, keep: readonly string[] = [], schema = "public"): string => {
  const { problems, text } = postgres.script.unqualify(script, { keep, schema });
  expect(problems).toEqual([]);
  return text;
};
const problemsOf = (script: string): readonly { line: number; what: string }[] =>
  postgres.script.unqualify(script, { keep: [], schema: "public" }).problems;

describe("names qualified with the tool's schema, on PostgreSQL", () => {
  it.each([
    [`CREATE TYPE "public"."mood" AS ENUM('sad')`, `CREATE TYPE "mood" AS ENUM('sad')`],
    [
      `ALTER TABLE "a" ADD FOREIGN KEY ("u") REFERENCES "public"."users"("id")`,
      `ALTER TABLE "a" ADD FOREIGN KEY ("u") REFERENCES "users"("id")`,
    ],
    [`select public.users.id from PUBLIC . users`, `select "users".id from "users"`],
    [`create table public.user (n int)`, `create table "user" (n int)`],
    [`create table public.Users (n int)`, `create table "users" (n int)`],
    [`alter table "t" alter "m" set default 'x'::"public"."mood"`, undefined],
    [`CREATE SCHEMA IF NOT EXISTS "public";\nselect 1`, `;\nselect 1`],
    [`create schema public; select 1`, `; select 1`],
    [
      `DO $$ BEGIN CREATE TYPE "public"."mood" AS ENUM('public.x'); END $$`,
      `DO $$ BEGIN CREATE TYPE "mood" AS ENUM('public.x'); END $$`,
    ],
    [
      `create function f() returns int language sql as $x$ select n from public.t $x$`,
      `create function f() returns int language sql as $x$ select n from "t" $x$`,
    ],
    [
      `alter table a alter id set default nextval('public.a_id_seq'::regclass)`,
      `alter table a alter id set default nextval('"a_id_seq"'::regclass)`,
    ],
    [
      `select 'public."A"'::regclass, '"public"."a"'::regtype`,
      `select '"A"'::regclass, '"a"'::regtype`,
    ],
    [
      `do $$ begin if exists (select from pg_tables where schemaname='public' and tablename = 'public') then null; end if; end $$`,
      `do $$ begin if exists (select from pg_tables where schemaname=current_schema() and tablename = 'public') then null; end if; end $$`,
    ],
    [
      `select from pg_class where relnamespace = 'public'::regnamespace`,
      `select from pg_class where relnamespace = current_schema()::regnamespace`,
    ],
    [`grant select on public.t to public`, `grant select on "t" to public`],
    [`select "public".\n"t".n from "public"\n.t`, `select \n"t".n from \n"t"`],
  ])("%s", (script, expected = script.replace(`"public".`, "")) => {
    expect(own(script)).toBe(expected);
  });

  it.each([
    `insert into t values ('"public"."users"', E'public.x', $$public.users$$)`,
    `-- "public"."users"\nselect 1 /* public.users /* public.x */ */`,
    `select "publicity"."x", republic.y, other.public, "PUBLIC"."x"`,
    `select public, public.* from t public`,
    `select "a""public"."x"`,
    `create table t (schema text, public boolean default true, "public" text default 'public')`,
    `select schema, public from t where visibility = 'public' and public in ('public')`,
    `grant usage on schema auth to public; revoke all on schema auth from bob, public`,
    `do $$ begin raise notice 'made public. Now'; insert into t (kind) values ('public'), ('public.x'); end $$`,
    `set local lock_timeout = '1s'; update t set search_path = (select 'public')`,
  ])("leaves alone %s", (script) => {
    expect(own(script)).toBe(script);
  });

  it("leaves names that are meant, and other schemas", () => {
    expect(own(`create table "public"."t" (e "public"."citext", a auth.kind)`, ["citext"])).toBe(
      `create table "t" (e "public"."citext", a auth.kind)`,
    );
    expect(own(`select app.t.n, public.t.n from app.t`, [], "app")).toBe(
      `select "t".n, public.t.n from "t"`,
    );
  });

  it.each([
    [`select 1;\ncreate schema "auth"`, "makes the schema"],
    [`drop schema public cascade`, "on the schema"],
    [`alter table t set schema "public"`, "on the schema"],
    [`grant select on all tables in schema public to x`, "on the schema"],
    [`create type public.path as enum ('a')`, "server's own type"],
    [
      `create function f() returns int language sql set search_path = public as $$ select 1 $$`,
      "search path",
    ],
    [
      `create function f() returns int language plv8 as $$ return plv8.execute("select public.f()") $$`,
      "run later",
    ],
    [`create function f() returns int language sql as 'select n from public.t'`, "run later"],
    [`do $$ begin execute 'delete from public.t'; end $$`, "run later"],
    [`do $$ begin execute 'delete from public.' || quote_ident(n); end $$`, "run later"],
    [`do $$ begin execute format('delete from public.%I', n); end $$`, "run later"],
    [`do $$ begin execute format('delete from %I.%I', 'public', n); end $$`, "run later"],
    [`do $$ begin execute $q$ delete from "public"."t" $q$; end $$`, "run later"],
    [`do $$ begin execute E'delete from PUBLIC.t'; end $$`, "run later"],
    [`do $$ declare q text := 'truncate public.t'; begin execute q; end $$`, "run later"],
    [`set local search_path to 'public'`, "search path"],
    [`set local search_path = "$user", 'public'`, "search path"],
    [`alter function f() set search_path to 'public', 'pg_temp'`, "search path"],
    [`select set_config('search_path', 'public', true)`, "search path"],
    [`do $$ begin perform set_config('search_path', 'a, public', true); end $$`, "search path"],
    [`drop schema if exists public cascade`, "on the schema"],
    [`drop schema if exists other, "public" cascade`, "on the schema"],
    [`grant usage on schema auth, public to x`, "on the schema"],
    [`create extension citext with schema public`, "on the schema"],
    [`import foreign schema a from server b into public`, "on the schema"],
    [`delete from shop.public.t`, "name before"],
    [`select U&"public"."x"`, "escapes"],
    [`delete from U&"\\0070ublic".t`, "escapes"],
    [`select E'public.t'::regclass`, "run later"],
    [`select $$public.t$$::regclass`, "run later"],
    [`select 1 from pg_tables where schemaname in ('a', 'public')`, "catalog"],
    [`select 1 from pg_tables where schemaname not in ('public')`, "catalog"],
    [`select 1 from pg_tables where schemaname <> 'public'`, "catalog"],
  ])("says what it cannot rewrite: %s", (script, what) => {
    const [problem] = problemsOf(script);
    expect(problem?.what).toContain(what);
    expect(problem?.line).toBe(script.split("\n").length);
  });
});

describe("names qualified with a database, on MySQL", () => {
  it("are the tenant's own, in code but not in strings and comments", () => {
    const { text } = mysql.script.unqualify(
      "create table `app`.`a` (n int) /* app.x */; insert into app.a values ('app.a', \"app.a\");\n-- app.a\n/*!50001 create view app.v as select app.a.n from `app` . `a` */; select x.app.y, app.b.n",
      { keep: ["b"], schema: "app" },
    );
    expect(text).toBe(
      "create table `a` (n int) /* app.x */; insert into `a` values ('app.a', \"app.a\");\n-- app.a\n/*!50001 create view `v` as select `a`.n from `a` */; select x.app.y, app.b.n",
    );
  });
});
