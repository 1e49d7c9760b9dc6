import { expect, test } from "vitest";
import { Kysely, PostgresDialect, sql } from "kysely";
import { finished } from "node:stream/promises";
import pgModule, { type Pool } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { pg } from "../../../src/drivers/pg/index.ts";
import {
  createTestTenancy,
  rolledBack,
  testTenant,
  type TestTenancy,
} from "../../../src/testing/index.ts";
import { describeEngines, ENGINES, POSTGRES } from "../../support/engines.ts";
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

test("tests run in no other database than their own, wherever an address leads", async () => {
  const database = await POSTGRES.open();
  // As of a pooler that has one database for all names.
  class Elsewhere extends pgModule.Client {
    constructor(config: pgModule.ClientConfig) {
      super({ ...config, connectionString: database.url });
    }
  }
  const base = `e${Date.now().toString(36)}`;
  const config = {
    database: pg({ Client: Elsewhere as never, connectionString: database.url }),
    globalSchema: "app",
  };
  const admin = await database.connect();
  await admin.query("create schema app");
  await expect(createTestTenancy(config, { name: base })).rejects.toMatchObject({
    code: "DATABASE_UNAVAILABLE",
    message: expect.stringContaining(database.name) as string,
  });
  const { rows } = await admin.query<{ count: number }>(
    `select (select count(*) from pg_database where starts_with(datname, '${base}'))::int + (select count(*) from pg_tables where schemaname = 'app')::int as count`,
  );
  expect(rows).toEqual([{ count: 0 }]);
  await admin.end();
  await database.drop();
});

test("schemas in the application's database are removed with what tenants have, and no others", async () => {
  const database = await POSTGRES.open();
  const admin = await database.connect();
  const list = async (): Promise<string[]> =>
    (
      await admin.query<{ name: string }>("select nspname as name from pg_namespace order by 1")
    ).rows.map(({ name }) => name);
  await admin.query("create schema tenant_acme; create table public.users (id int)");
  const before = await list();
  const base = `s${Date.now().toString(36)}`;
  const up = "create table notes (id int primary key)";
  const tenancy = await createTestTenancy(
    {
      database: database.driver(),
      migrations: { global: [], tenant: [{ name: "a", up, version: "0001" }] },
    },
    { name: base, place: "schemas" },
  );
  const acme = await testTenant(tenancy, { test: "acme" });
  await rolledBack(tenancy, () =>
    acme.run(async () => {
      await tenancy.query("insert into notes values (1)");
      const client = await (tenancy.pool as Pool).connect();
      const into = client.query(copyFrom("copy notes (id) from stdin"));
      into.end("2\n3\n");
      await finished(into);
      const read = client.query(new Cursor<{ id: number }>("select id from notes order by id"));
      expect(await read.read(2)).toEqual([{ id: 1 }, { id: 2 }]);
      await read.close();
      const ids: number[] = [];
      for await (const row of client.query(new QueryStream("select id from notes order by id"))) {
        ids.push((row as { id: number }).id);
      }
      expect(ids).toEqual([1, 2, 3]);
      client.release();
    }),
  );
  const { rows } = await acme.run(() => tenancy.query("select * from notes"));
  expect(rows).toEqual([]);
  await tenancy.close();
  expect(await list()).toEqual(before);
  await admin.end();
  await database.drop();
});
