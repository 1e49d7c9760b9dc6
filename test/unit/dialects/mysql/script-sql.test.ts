import { describe, expect, it } from "vitest";
import { scriptSql } from "../../../../src/dialects/mysql/script-sql.ts";
import { COMPOUND_STATEMENTS, MARIADB_STATEMENTS } from "./compound-statements.ts";

describe("a statement of a migration", () => {
  it.each([
    "use other",
    "USE `other`",
    "/* why */ use other",
    "-- why\nuse other",
    "/*!50000 use */ other",
    "/*M!100000 use other */",
    "create database other",
    "create or replace schema other",
    "drop database if exists other",
    "alter database other collate utf8mb4_bin",
    "execute immediate 'use other'",
    "execute immediate '-- why\\nuse other'",
    'prepare s from "US\\E `other`"',
    "prepare `s` from /*! 'use other' */",
    "set statement max_statement_time = 1 for use other",
    "execute immediate 'set statement max_statement_time = 1 for execute immediate ''use other'''",
  ])("is refused when it leaves its database, or makes one: %j", (statement) => {
    expect(scriptSql.refusal(statement)).toContain("leaves the database");
  });

  it.each([
    "begin",
    "BEGIN WORK",
    "start transaction read only",
    "commit and chain",
    "rollback",
    "xa start 'x'",
    "set autocommit = 0",
    "set @a = 1, session autocommit = off",
    "set @@autocommit=0",
    "set @@session.`autocommit` := 0",
    "set local completion_type = 1",
    "execute immediate 'commit'",
  ])("is refused when it begins or ends a transaction: %j", (statement) => {
    expect(scriptSql.refusal(statement)).toContain("transaction");
  });

  it.each([
    ["lock tables t write", "locks tables"],
    ["LOCK TABLE t READ", "locks tables"],
    ["unlock tables", "locks tables"],
    ["flush tables with read lock", "locks tables"],
    ["flush tables a, b for export", "locks tables"],
    ["backup stage start", "locks tables"],
    ["\\. dump.sql", "client"],
    ["source dump.sql", "client"],
    ["select 1\\G", "client"],
    ["delimiter", "client"],
    ["set sql_mode = 'ansi,NO_BACKSLASH_ESCAPES'", "backslash"],
  ])("is refused when it cannot be run so: %j", (statement, reason) => {
    expect(scriptSql.refusal(statement)).toContain(reason);
  });

  it.each([
    "rollback to savepoint s",
    "rollback work to s",
    "alter database character set utf8mb4",
    "alter schema default collate utf8mb4_bin",
    "set foreign_key_checks = 0",
    "set @autocommit = 0",
    "set global max_connections = 100",
    "select 'use other; commit', \"\\\\G\", `use`",
    "insert into t values ('\\\\')",
    "select \\N",
    "select `back\\slash` from `\\G`",
    "set @`a, autocommit` = 0",
    "prepare s from 'select ''use other'''",
    "prepare s from @text",
    "create table `database` (a int)",
    "create table commit_log (a int)",
    "/*M!999999\\- enable the sandbox mode */ select 1",
    ...COMPOUND_STATEMENTS,
    ...MARIADB_STATEMENTS,
  ])("may be %j", (statement) => {
    expect(scriptSql.refusal(statement)).toBeUndefined();
  });
});

describe("a statement that is known not to commit", () => {
  it.each([
    "insert into t values (1)",
    "/* why */ UPDATE t SET a = 1",
    "delete from t",
    "replace into t values (1)",
    "load data infile 'x' into table t",
    "select 1",
    "(select 1) union (select 2)",
    "with a as (select 1) select * from a",
    "values (1)",
    "table t",
    "do sleep(1)",
    "savepoint s",
    "release savepoint s",
    "rollback to s",
    "show tables",
    "explain select 1",
    "set @a = (select count(*) from t), session sql_mode = ''",
    "set names utf8mb4",
    "prepare s from @a",
    "deallocate prepare s",
    "set statement max_statement_time = 1 for select 1",
  ])("is %j", (statement) => {
    expect(scriptSql.commits(statement)).toBe(false);
  });

  it.each([
    "create table t (a int)",
    "create temporary table t (a int)",
    "alter table t add b int",
    "drop table t",
    "truncate t",
    "rename table a to b",
    "call p()",
    "execute s",
    "execute immediate 'select 1'",
    "analyze table t",
    "optimize table t",
    "grant select on t to u",
    "set password = password('x')",
    "set default role none",
    "set global max_connections = 100",
    "set @a = 1, @@global.sql_mode = ''",
    "set persist max_connections = 100",
    "set statement max_statement_time = 1 for create table t (a int)",
    "begin not atomic select 1; end",
    "if 1 then select 2; end if",
    "nobody knows what this is",
  ])("is not %j", (statement) => {
    expect(scriptSql.commits(statement)).toBe(true);
  });
});

describe("a statement", () => {
  it.each([
    ["set @a = 1", true],
    ["set session foreign_key_checks = 0", true],
    ["/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", true],
    ["set names utf8mb4", true],
    ["set role r", true],
    ["prepare s from 'select 1'", true],
    ["drop prepare s", true],
    ["select max(a) into @a from t", true],
    ["select @a := max(a) from t", true],
    ["select @a", false],
    ["set global sql_mode = ''", false],
    ["set @a = 1, global sql_mode = ''", false],
    ["set @@persist.sql_mode = ''", false],
    ["set statement sql_mode = '' for select 1", false],
    ["insert into t select @a", false],
    ["create temporary table t (a int)", false],
  ])("%j is for its session alone: %s", (statement, expected) => {
    expect(scriptSql.isForSession(statement)).toBe(expected);
  });

  it.each([
    ["call p()", true],
    ["execute s using @a", true],
    ["begin not atomic select 1; end", true],
    ["l: loop leave l; end loop", true],
    ["create procedure p() begin end", false],
    ["alter table t add b int", false],
    ["set @a := 1", false],
  ])("%j runs others: %s", (statement, expected) => {
    expect(scriptSql.runsOthers(statement)).toBe(expected);
  });

  it.each([
    ["set @a = last_insert_id()", "id"],
    ["set @a = 1, @b = @@session.identity", "id"],
    ["insert into t values (`last_insert_id` /* */ ( ))", "id"],
    ["set statement sql_mode = '' for insert into t select @@last_insert_id", "id"],
    ["call p(last_insert_id())", "id"],
    ["set @n := ROW_COUNT()", "count"],
    ["select found_rows() into @n", "count"],
    ["update t set a = last_insert_id(a + 1)", undefined],
    ["insert into t values ('last_insert_id()')", undefined],
    ["select row_count from t", undefined],
    ["create procedure p() begin insert into t values (1); select row_count(); end", undefined],
    ["begin not atomic insert into t values (1); select last_insert_id(); end", undefined],
  ])("%j reads what the one before it has left: %s", (statement, expected) => {
    expect(scriptSql.readsPrevious(statement)).toBe(expected);
  });
});
