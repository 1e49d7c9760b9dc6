import mysql from "mysql2/promise";
import { afterEach, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { mysql2 } from "../../../src/drivers/mysql2/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import {
  createMysqlDatabase,
  type TestMysqlDatabase,
} from "../../support/create-mysql-database.ts";
import { describeMysql, requireMysql } from "../../support/database.ts";
import { startMysql } from "../../support/mysql-server.ts";
import { code, CREATE_NOTE } from "../lifecycle/world.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function openDatabase(
  settings?: Readonly<Record<string, string>>,
): Promise<TestMysqlDatabase> {
  let { url } = requireMysql();
  if (settings !== undefined) {
    const server = await startMysql({ settings });
    if ("unavailable" in server) throw new Error(server.unavailable);
    closing.push(server.stop);
    ({ url } = server);
  }
  const database = await createMysqlDatabase(url);
  closing.push(() => database.drop());
  return database;
}

function openTenancy(database: TestMysqlDatabase, uri = database.url): Tenancy {
  const tenancy = createTenancy({
    database: mysql2({ connectionLimit: 2, uri }),
    migrations: { global: [], tenant: [CREATE_NOTE] },
    tenantPrefix: database.prefix,
  });
  closing.push(() => tenancy.close());
  return tenancy;
}

async function databasesOf(database: TestMysqlDatabase): Promise<string[]> {
  const connection = await mysql.createConnection({ uri: database.url });
  const [rows] = await connection.query(
    "select schema_name as name from information_schema.schemata where left(schema_name, ?) = ?",
    [database.prefix.length, database.prefix],
  );
  await connection.end();
  return (rows as { name: string }[]).map(({ name }) => name);
}

describeMysql("a server that does not tell names apart by case", () => {
  it("has one tenant of two names that differ only in case", { timeout: 60_000 }, async () => {
    const database = await openDatabase({ lower_case_table_names: "1" });
    const tenancy = openTenancy(database);
    await tenancy.migrateGlobal();
    await tenancy.create("lower", { schemaName: `${database.prefix}acme` });
    await tenancy.withTenant("lower", () =>
      tenancy.query("insert into note (body) values ('own')"),
    );
    await expect(
      tenancy.create("upper", { schemaName: `${database.prefix}ACME` }),
    ).rejects.toMatchObject(code("SCHEMA_EXISTS"));
    expect(await tenancy.exists("upper")).toBe(false);
    await expect(
      tenancy.rename("lower", { schemaName: `${database.prefix}Acme` }),
    ).rejects.toMatchObject({ isTenancyError: true });
    const { rows } = await tenancy.withTenant("lower", () =>
      tenancy.query("select body from note order by id"),
    );
    expect(rows).toEqual([{ body: "first" }, { body: "own" }]);
    expect(await tenancy.drop("lower")).toBe(true);
    expect(await databasesOf(database)).toEqual([]);
  });
});

describeMysql("a server that tells names apart by case", () => {
  it("gives no tenant a name that another server would take for another tenant's", async () => {
    const database = await openDatabase();
    const tenancy = openTenancy(database);
    await tenancy.migrateGlobal();
    await tenancy.create("lower", { schemaName: `${database.prefix}acme` });
    await expect(
      tenancy.create("upper", { schemaName: `${database.prefix}ACME` }),
    ).rejects.toMatchObject(code("SCHEMA_EXISTS"));
  });
});

describeMysql("a user without rights to make databases", () => {
  it("makes no tenant, and leaves nothing behind", async () => {
    const database = await openDatabase();
    const owner = openTenancy(database);
    await owner.migrateGlobal();
    const uri = await database.createUser({ database: "all", tenants: "select, insert, update" });
    const poor = openTenancy(database, uri);
    await expect(poor.create("acme", { domains: ["acme.test"] })).rejects.toMatchObject({
      errno: 1044,
    });
    expect(await owner.exists("acme")).toBe(false);
    expect(await databasesOf(database)).toEqual([]);
    await owner.create("acme", { domains: ["acme.test"] });
    // It may use what somebody else has made.
    const { rows } = await poor.withTenant("acme", () => poor.query("select body from note"));
    expect(rows).toEqual([{ body: "first" }]);
    await expect(poor.drop("acme")).rejects.toMatchObject({ errno: 1044 });
  });
});

describeMysql("a server that has no connection left", () => {
  it("is unavailable, and serves again as soon as it has one", { timeout: 60_000 }, async () => {
    const database = await openDatabase({ max_connections: "12" });
    const tenancy = openTenancy(database);
    await tenancy.migrateGlobal();
    await tenancy.create("acme");
    await tenancy.close();
    const held: mysql.Connection[] = [];
    const user = await database.createUser({ database: "all", tenants: "all" });
    const take = async (): Promise<unknown> => {
      for (;;) {
        try {
          held.push(await mysql.createConnection({ uri: user }));
        } catch (error) {
          return error;
        }
      }
    };
    expect(await take()).toMatchObject({ errno: 1040 });
    const late = openTenancy(database, user);
    const read = (): Promise<unknown> =>
      late.withTenant("acme", () => late.query("select body from note"));
    await expect(read()).rejects.toMatchObject(code("DATABASE_UNAVAILABLE"));
    await expect(late.create("globex")).rejects.toMatchObject(code("DATABASE_UNAVAILABLE"));
    for (const connection of held) await connection.end();
    await expect
      .poll(() => read().catch((error: unknown) => error))
      .toMatchObject({
        rows: [{ body: "first" }],
      });
    expect(await late.create("globex")).toMatchObject({ state: "active" });
  });
});
