import { expect, test } from "vitest";
import { Kysely, PostgresDialect, sql } from "kysely";
import type { Pool } from "pg";
import {
  createTestTenancy,
  rolledBack,
  testTenant,
  type TestTenancy,
} from "../../../src/testing/index.ts";
import { describeEngines, ENGINES } from "../../support/engines.ts";
import { currentWorker, databaseName } from "../../../src/testing/worker.ts";

describeEngines(
  "a place for tests",
  (engine) => {
    test("is free of what killed runs have left, and rolls back an ORM", async () => {
      const database = await engine.open();
      const base = `k${Date.now().toString(36)}`;
      const dead = databaseName(base, { ...currentWorker(), process: String(2 ** 31 - 1) }, 1);
      const admin = await database.connect();
      const names = engine.family === "mysql" ? [dead, `${dead}_acme`] : [dead];
      for (const name of names) await admin.query(`create database ${name}`);
      const up =
        engine.family === "mysql"
          ? "create table notes (id int primary key)"
          : "create table authors (id int primary key); create table notes (id int primary key, author int references authors deferrable initially deferred)";
      const tenancy = await createTestTenancy(
        {
          database: database.driver(),
          migrations: { global: [], tenant: [{ name: "a", up, version: "0001" }] },
        },
        { name: base, ready: 3 },
      );
      const list =
        engine.family === "mysql"
          ? "select schema_name as name from information_schema.schemata"
          : "select datname as name from pg_database";
      const { rows } = await admin.query<{ name: string }>(list);
      expect(rows.map(({ name }) => name).filter((name) => names.includes(name))).toEqual([]);
      await (engine.name === "pg" ? rollsBackKysely(tenancy) : refusesDefinitions(tenancy));
      const second = await createTestTenancy({ database: database.driver() }, { name: base });
      await second.create("acme");
      await tenancy.close();
      expect(await second.withTenant("acme", () => second.query("select 1 as one"))).toMatchObject({
        rows: [{ one: 1 }],
      });
      await second.close();
      await admin.end();
      await database.drop();
    });
  },
  ENGINES,
);

async function rollsBackKysely(tenancy: TestTenancy): Promise<void> {
  await using globex = await testTenant(tenancy);
  const db = new Kysely<{ notes: { id: number; author: number | null } }>({
    dialect: new PostgresDialect({ pool: tenancy.pool as Pool }),
  });
  await rolledBack(tenancy, () =>
    globex.run(async () => {
      await db
        .transaction()
        .setIsolationLevel("serializable")
        .execute(async (trx) => {
          await trx.insertInto("notes").values({ author: null, id: 1 }).execute();
          await db.insertInto("notes").values({ author: null, id: 2 }).execute();
        });
      await expect(
        db
          .transaction()
          .execute((trx) => trx.insertInto("notes").values({ author: 9, id: 3 }).execute()),
      ).rejects.toMatchObject({ code: "23503" });
      await expect(tenancy.query("vacuum notes")).rejects.toMatchObject({
        code: "SANDBOX_REFUSED",
      });
      expect((await sql<{ id: number }>`select id from notes order by 1`.execute(db)).rows).toEqual(
        [{ id: 1 }, { id: 2 }],
      );
    }),
  );
  expect(await globex.run(() => db.selectFrom("notes").selectAll().execute())).toEqual([]);
}

async function refusesDefinitions(tenancy: TestTenancy): Promise<void> {
  await using globex = await testTenant(tenancy);
  await rolledBack(tenancy, () =>
    globex.run(async () => {
      await expect(tenancy.query("create table x (a int)")).rejects.toMatchObject({
        code: "SANDBOX_REFUSED",
      });
    }),
  );
}
