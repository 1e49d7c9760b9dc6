import { describe, expect, it } from "vitest";
import { StatementInfos } from "../../../../src/drivers/mysql/statement-info.ts";

const single = new StatementInfos(false);
const several = new StatementInfos(true);

describe("what a text may leave in its session", () => {
  it.each([
    "select 1",
    "  -- as usual\n# always\n/* so */ (select 1) union (select 2)",
    "SELECT a FROM t WHERE mail = 'a@b.c' AND n := 1",
    "with x as (select 1) select * from x",
    "insert into t values (1)",
    "replace into t values (1)",
    "update t set a = 1",
    "delete from t",
    "values row(1)",
    "table t",
    "show tables",
    "explain select 1",
    "begin",
    "begin work",
    "start transaction read only",
    "commit and chain",
    "rollback to savepoint s",
    "savepoint s",
    "release savepoint s",
    "create table t (a int)",
    "alter table t add b int",
    "drop table t",
    "truncate t",
    "rename table a to b",
    "unlock tables",
    "load data infile 'x' into table t",
    "select 1 --",
  ])("nothing: %s", (text) => {
    expect(single.of(text)).toMatchObject({ isUse: false, mayMove: false, trace: "none" });
  });

  it.each([
    "set @x = 1",
    "set names utf8mb4",
    "set session sql_mode = ''",
    "select get_lock('x', 1)",
    "select `get_lock` /* */ ( 'x', 1)",
    "select service_get_write_locks('a', 'b', 1)",
    "select @x := 1",
    "select @`x y` /* */ := 1",
    "select @é := 1",
    "select @`a``b` := 1",
    "select @'it''s' := 1",
    'select @"a\\"b" := 1',
    "load data infile 'x' into table t (a, @x) set b = @x",
    "select 1 into @x",
    "select 1 into/**/@x",
    "create temporary table t (a int)",
    "create or replace temporary/* */table t (a int)",
    "select /*! get_lock('x', 1) */ 1",
    "select 1 /*M! , 2 */",
  ])("something that a reset removes: %s", (text) => {
    expect(single.of(text)).toMatchObject({ isUse: false, mayMove: false, trace: "reset" });
  });

  it.each([
    "call p()",
    "execute immediate 'use x'",
    "prepare s from 'use x'",
    "begin not atomic select 1; end",
    "begin /* */ not atomic select 1; end",
    "lock tables t write",
    "handler t open",
    "flush tables with read lock",
    "/*! use x */",
    "/*!50000 select 1 */",
    "set statement max_statement_time = 1 for call p()",
    "set /*!statement*/ max_statement_time = 1 for call p()",
    "begin /*M!not*/ atomic select 1; end",
    "whatever comes next",
    "",
  ])("anything: %s", (text) => {
    expect(single.of(text)).toMatchObject({ mayMove: true, trace: "reset" });
  });

  it.each([
    "set role x",
    "set default role x to y",
    "set/**/session authorization x",
    "xa start 'x'",
  ])("what nothing removes: %s", (text) => {
    expect(single.of(text).trace).toBe("destroy");
  });

  it.each(["drop database x", "DROP SCHEMA IF EXISTS x", "drop/**/database x"])(
    "no database: %s",
    (text) => {
      expect(single.of(text)).toMatchObject({ mayMove: true, trace: "none" });
    },
  );

  it("how the next transaction is isolated", () => {
    expect(single.of("set transaction read only")).toMatchObject({
      setsNextTransaction: true,
      trace: "none",
    });
    expect(single.of("set session transaction read only")).toMatchObject({
      setsNextTransaction: false,
      trace: "reset",
    });
  });
});

describe("a text", () => {
  it.each(["use x", "USE `x`", "-- a\nuse x", "use/**/x"])("enters a database: %s", (text) => {
    expect(single.of(text).isUse).toBe(true);
  });

  it.each([
    ["select last_insert_id()", "insertId"],
    ["select `last_insert_id` /**/ ( )", "insertId"],
    ["select @@identity, @@session.last_insert_id", "insertId"],
    ["insert into t values (last_insert_id())", "insertId"],
    ["update t set n = last_insert_id(n + 1)", "nothing"],
    ["select row_count()", "diagnostics"],
    ["select found_rows ()", "diagnostics"],
    ["show warnings", "diagnostics"],
    ["show count(*) errors limit 1", "diagnostics"],
    ["get diagnostics @x = number", "diagnostics"],
    ["select @@warning_count", "diagnostics"],
    ["show tables", "nothing"],
  ])("%s reads of its session: %s", (text, reads) => {
    expect(single.of(text).reads).toBe(reads);
  });

  it("of several statements leaves what any of them may leave", () => {
    expect(several.of("select 1; set @x = 1")).toMatchObject({ mayMove: false, trace: "reset" });
    expect(several.of("select 1; set role x; select 1")).toMatchObject({ trace: "destroy" });
    expect(several.of("select 1; use x")).toMatchObject({ isUse: false, mayMove: true });
    expect(several.of("select 1;")).toMatchObject({ mayMove: false, trace: "none" });
    // A string is cut, and taken for something unknown.
    expect(several.of("select 'a; b'")).toMatchObject({ mayMove: true, trace: "reset" });
    expect(several.of("insert into t values (1); select last_insert_id()").reads).toBe("nothing");
    expect(single.of("select 'a; set @x = 1'").trace).toBe("none");
  });

  it("of great length is looked at in little time", () => {
    const started = performance.now();
    for (const part of ["@x ", "into ", "last_insert_id ", "get_lock /* ", "temporary ", "/* "]) {
      single.look(`select '${part.repeat(200_000)}'`);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
