import { expect, test } from "vitest";
import { mysqlControlOf } from "../../../src/testing/sandbox/mysql-control.ts";
import { controlOf } from "../../../src/testing/sandbox/postgres-control.ts";
import { currentTest } from "../../../src/testing/runner.ts";
import {
  currentWorker,
  databaseName,
  leftoversAmong,
  prefixOf,
} from "../../../src/testing/worker.ts";

test.each([
  ["BEGIN", "begin"],
  ["/* a /* b */ */ Begin isolation level serializable;", "begin"],
  ["-- x\nstart transaction read only", "begin"],
  ["end", "commit"],
  ["COMMIT AND CHAIN", "commit"],
  ["abort work", "rollback"],
  ["rollback to savepoint a", "none"],
  ["rollback work to a", "none"],
  ["savepoint begin_a", "none"],
  ["select 'begin; commit'", "none"],
  ["set transaction isolation level repeatable read", "set"],
  ["create function f() returns int begin atomic select 1; end", "none"],
  ["do $$ begin perform 1; end $$", "none"],
  ["begin; insert into a values (1); commit", "refused"],
  ["prepare transaction 'x'", "refused"],
])("PostgreSQL: %s", (text, kind) => {
  expect(controlOf(text).kind).toBe(kind);
});

test.each([
  ["START TRANSACTION READ ONLY", "begin"],
  ["# x\n BEGIN WORK", "begin"],
  ["commit;", "commit"],
  ["rollback to a", "none"],
  ["/* x */ ROLLBACK", "rollback"],
  ["create temporary table a (b int)", "none"],
  ["create table a (b int)", "refused"],
  ["truncate a", "refused"],
  ["set session transaction isolation level serializable", "nothing"],
  ["set autocommit = 0", "refused"],
  ["insert into a values ('begin; commit')", "none"],
  ["insert into a values (1); drop table a", "refused"],
])("MySQL: %s", (text, kind) => {
  expect(mysqlControlOf(text).kind).toBe(kind);
});

test("a worker's database is told by its process, and left over when that has ended", () => {
  const worker = currentWorker({ JEST_WORKER_ID: "3" });
  const own = databaseName("app_test", worker, 2);
  const prefix = prefixOf("app_test", worker);
  expect(own).toBe(`${prefix}${process.pid.toString(36)}_w3_2`);
  // No system has so many processes.
  const dead = databaseName("app_test", { ...worker, process: (2 ** 31 - 1).toString(36) }, 1);
  const names = [own, dead, `${dead}_acme`, `${prefix}else`, "app_test", "other"];
  expect(leftoversAmong(names, prefix)).toEqual([dead, `${dead}_acme`]);
});

test("a test is known by what its runner tells", () => {
  expect(currentTest("a title")).toEqual({ file: undefined, title: "a title" });
  expect(currentTest({ task: { file: { name: "a.test.ts" }, name: "b" } })).toEqual({
    file: "a.test.ts",
    title: "b",
  });
  expect(currentTest({ filePath: "/c.test.ts", name: "d" })).toEqual({
    file: "/c.test.ts",
    title: "d",
  });
});
