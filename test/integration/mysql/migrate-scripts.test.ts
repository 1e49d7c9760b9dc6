import mysql from "mysql2/promise";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { scriptSql } from "../../../src/dialects/mysql/script-sql.ts";
import { createTestMysqlDatabase, describeMysql } from "../../support/database.ts";
import {
  COMPOUND_STATEMENTS,
  MARIADB_STATEMENTS,
} from "../../unit/dialects/mysql/compound-statements.ts";

const isMariadb = inject("mysql")?.flavour === "mariadb";

/** What one server takes and the other does not, in the same order for both. */
const statements = isMariadb
  ? [...COMPOUND_STATEMENTS, ...MARIADB_STATEMENTS]
  : COMPOUND_STATEMENTS.filter((text) => !text.startsWith("create or replace"));

describeMysql("a script that was split", () => {
  let database: Awaited<ReturnType<typeof createTestMysqlDatabase>>;
  let connection: mysql.Connection;
  beforeAll(async () => {
    database = await createTestMysqlDatabase();
    connection = await mysql.createConnection(database.url);
  });
  afterAll(async () => {
    await connection.end();
    await database.drop();
  });

  async function objects(): Promise<unknown[]> {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      "select concat('trigger ', trigger_name) as name from information_schema.triggers where trigger_schema = database() " +
        "union all select concat('routine ', routine_name) from information_schema.routines where routine_schema = database() " +
        "union all select concat('event ', event_name) from information_schema.events where event_schema = database() order by 1",
    );
    return rows.map((row): unknown => row["name"]);
  }

  it.each([
    ["as it is", statements.join(";\n")],
    ["with the client's delimiters", `delimiter //\n${statements.join("//\n")}//\ndelimiter ;`],
  ])("runs on the server, statement by statement, %s", async (_how, script) => {
    await connection.query(`drop database ${database.name}`);
    await connection.query(`create database ${database.name}`);
    await connection.query(`use ${database.name}`);
    await connection.query("create table t (id int primary key, a int, begin int, end int)");
    const parts = scriptSql.split(script);
    expect(parts.map(({ text }) => text)).toEqual(statements);
    for (const { text } of parts) await connection.query(text);
    const made = statements.filter((text) => /^(?:\/\*!50003 )?create/i.test(text));
    // One trigger is made twice.
    const replaced = isMariadb ? 1 : 0;
    expect(await objects()).toHaveLength(made.length - replaced);
  });

  it("tells of no statement that it keeps the transaction when it ends it", async () => {
    const probes = [
      "insert into probe values (1)",
      "replace into probe values (1)",
      "select * from probe for update",
      "with a as (select 1) select * from a",
      "do 1",
      "show tables",
      "explain select 1",
      "set @a = 1",
      "set session sql_mode = @@sql_mode",
      "prepare s from 'select 1'",
      "deallocate prepare s",
      "savepoint other",
      "delete from probe",
    ];
    await connection.query("create table probe (a int primary key)");
    for (const text of probes) {
      expect(scriptSql.commits(text), text).toBe(false);
      await connection.query("start transaction");
      await connection.query("savepoint intact");
      await connection.query(text);
      // Fails, as there is no such savepoint, when the transaction was ended.
      await connection.query("rollback to savepoint intact");
      await connection.query("rollback");
    }
  });
});
