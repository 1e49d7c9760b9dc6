import { describe, expect, it } from "vitest";
import { checkText } from "../../../../src/drivers/postgres-js/check-text.ts";

describe("the check of a text", () => {
  const harmless = [
    "select text from notes where id = $1",
    "update notes set text = 'a temp table' where id = 1",
    "insert into notes (text) values ('begin; commit')",
    "create function f() returns int language plpgsql as $$ begin return 1; end $$",
    "set local statement_timeout = '1s'; select 1",
    "set constraints all deferred",
    "select set_config('app.user', $1, true)",
    "select pg_advisory_xact_lock(1)",
    "select * from commit_log; select 'set role none'",
    "select '-- commit'; select $$ /* $$",
    "do $$ begin set local work_mem = '5MB'; update notes set text = 'x'; end $$",
  ];
  it.each(harmless)("passes %s", (text) => {
    expect(() => checkText(text)).not.toThrow();
  });

  const refused = [
    "commit",
    "-- so\n  /* and so */ ROLLBACK to x",
    "select 1; end; select 2",
    "start transaction read only",
    "/* one /* in another */ */ commit",
    "-- ended by a carriage return\rcommit",
    "do $$ begin set role admin; end $$",
    "do $$ begin /* so */ execute 'set role admin'; end $$",
    "do 'begin set role admin; end'",
    "create temp /* a */ table notes (text text)",
    "update pg_settings set setting = '5MB' where name = 'work_mem'",
    "select lastval()",
    "prepare transaction 'x'",
    "set search_path = public",
    "set session role admin",
    "reset all",
    "discard temp",
    "listen news",
    "select 1; create temporary table notes (text text)",
    "select * into temp copied from notes",
    "select set_config('search_path', 'public', false)",
    "select pg_try_advisory_lock(1)",
    "declare c cursor with hold for select 1",
    String.raw`select E'\'', pg_advisory_lock(1), ''`,
  ];
  it.each(refused)("refuses %s", (text) => {
    expect(() => checkText(text)).toThrow(expect.objectContaining({ code: "INVALID_QUERY" }));
  });
});
