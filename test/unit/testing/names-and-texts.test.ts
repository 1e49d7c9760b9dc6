import { expect, test } from "vitest";
import { mysqlControlOf } from "../../../src/testing/sandbox/mysql-control.ts";
import { controlOf } from "../../../src/testing/sandbox/postgres-control.ts";
import { currentTest } from "../../../src/testing/runner.ts";
import {
  currentWorker,
  databaseName,
  leftoversAmong,
  machineOf,
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
  ["; commit", "commit"],
  ["/* a */;;-- b\nend;", "commit"],
  ["; insert into a values (1);", "none"],
  ["select ';' ; rollback;", "refused"],
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
  ["; commit", "commit"],
  ["/*! commit */", "commit"],
  ["/*M!100100 rollback */", "rollback"],
  ["/*!40000 alter table a disable keys */", "refused"],
  ["insert into a values (1); drop table a", "refused"],
])("MySQL: %s", (text, kind) => {
  expect(mysqlControlOf(text).kind).toBe(kind);
});

test("a worker's database is told by its process, and left over when that has ended", () => {
  const worker = currentWorker({ JEST_WORKER_ID: "3" });
  const own = databaseName("app_test", worker, 2);
  const prefix = prefixOf("app_test", worker);
  expect(own).toBe(`${prefix}${process.pid}n2_w3`);
  // No system has so many processes.
  const dead = databaseName("app_test", { ...worker, process: String(2 ** 31 - 1) }, 1);
  const again = databaseName("app_test", { ...worker, process: String(2 ** 31 - 1) }, 2);
  const theirs = databaseName("app_test", { id: "1", machine: "0a1b2c", process: "2147483647" }, 1);
  const others = [own, `${own}_acme`, `${prefix}else`, `${prefix}kept_w1`, theirs, "app_test"];
  const left = [dead, again, `${dead}_acme`];
  expect(leftoversAmong([...others, ...left], prefix, true)).toEqual(left);
  // Where tenants are in it, a longer name is somebody's own.
  expect(leftoversAmong([...others, ...left], prefix, false)).toEqual([dead, again]);
  // Removed with a tenancy is what begins with its name and `_`: never another one of its process.
  expect(again.startsWith(`${dead}_`)).toBe(false);
});

test("machines are apart, though their names and the numbers of their processes are the same", () => {
  const here = machineOf(["app", "boot-1", "pid:[4026531836]"]);
  expect(here).toMatch(/^[0-9a-z]{6}$/);
  expect(machineOf(["app", "boot-1", "pid:[4026532201]"])).not.toBe(here);
  expect(machineOf(["app", "boot-2", "pid:[4026531836]"])).not.toBe(here);
  expect(currentWorker().machine).toBe(currentWorker().machine);
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
