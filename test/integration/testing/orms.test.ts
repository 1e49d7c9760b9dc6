import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import createKnex from "knex";
import type { Pool } from "pg";
import { Sequelize } from "sequelize";
import { DataSource } from "typeorm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tenantKnex } from "../../../src/integrations/orm/knex/index.ts";
import { tenantSequelize } from "../../../src/integrations/orm/sequelize/index.ts";
import { tenantTypeorm } from "../../../src/integrations/orm/typeorm/index.ts";
import { createTestTenancy, rolledBack, type TestTenancy } from "../../../src/testing/index.ts";
import { type EngineDatabase, POSTGRES } from "../../support/engines.ts";

/** The least that an ORM does: a text, and a function in a transaction, which may have another in it. */
interface Orm {
  query(text: string): Promise<unknown>;
  transaction(fn: (inner: Omit<Orm, "close">) => Promise<unknown>): Promise<unknown>;
  close?(): Promise<unknown>;
}

let database: EngineDatabase;
let tenancy: TestTenancy<Pool>;
beforeAll(async () => {
  database = await POSTGRES.open();
  const up = "create table notes (id int primary key)";
  const migrations = { global: [], tenant: [{ name: "a", up, version: "0001" }] };
  tenancy = (await createTestTenancy({
    database: database.driver(),
    migrations,
  })) as TestTenancy<Pool>;
  await tenancy.create("acme");
});
afterAll(async () => {
  await tenancy?.close();
  await database?.drop();
});

const ORMS: Readonly<Record<string, () => Promise<Orm>>> = {
  async drizzle() {
    type Db = Pick<ReturnType<typeof drizzle>, "execute" | "transaction">;
    const over = (db: Db): Orm => ({
      query: (text) => db.execute(sql.raw(text)),
      transaction: (fn) =>
        db.transaction((tx) => fn(over(tx as unknown as Db)), { isolationLevel: "serializable" }),
    });
    return await Promise.resolve(over(drizzle({ client: tenancy.pool })));
  },
  async knex() {
    const { knex } = tenantKnex(tenancy, (connectionPool) =>
      createKnex({ client: "pg", connectionPool }),
    );
    const over = (db: Pick<typeof knex, "raw" | "transaction">): Orm => ({
      close: () => knex.destroy(),
      query: async (text) => await db.raw(text),
      transaction: (fn) => db.transaction((trx) => fn(over(trx))),
    });
    return await Promise.resolve(over(knex));
  },
  async sequelize() {
    const { sequelize } = tenantSequelize(
      tenancy,
      () => new Sequelize({ dialect: "postgres", logging: false }),
    );
    type Tx = Awaited<ReturnType<typeof sequelize.transaction>>;
    const over = (transaction?: Tx): Orm => ({
      query: (text) => sequelize.query(text, transaction && { transaction }),
      transaction: (fn) =>
        sequelize.transaction(
          {
            isolationLevel: "REPEATABLE READ" as never,
            ...(transaction && { transaction }),
          },
          (inner) => fn(over(inner)),
        ),
    });
    return await Promise.resolve(over());
  },
  async typeorm() {
    const { dataSource } = tenantTypeorm(
      tenancy,
      (driver) => new DataSource({ driver, type: "postgres" }),
    );
    await dataSource.initialize();
    type Manager = typeof dataSource.manager;
    const over = (manager: Manager): Orm => ({
      close: () => dataSource.destroy(),
      query: (text) => manager.query(text),
      transaction: (fn) => manager.transaction("SERIALIZABLE", (inner) => fn(over(inner))),
    });
    return over(dataSource.manager);
  },
};

test.each(Object.keys(ORMS))("%s in a test that is rolled back", async (name) => {
  const orm = await ORMS[name]!();
  const insert = (id: number): string => `insert into notes values (${id})`;
  const ids = async (): Promise<unknown> =>
    (await tenancy.query<{ id: number }>("select id from notes order by id")).rows.map(
      ({ id }) => id,
    );
  await rolledBack(tenancy, () =>
    tenancy.withTenant("acme", async () => {
      await orm.query(insert(1));
      await orm.transaction(async (tx) => {
        await tx.query(insert(2));
        const undone = tx.transaction(async (inner) => {
          await inner.query(insert(3));
          throw new Error("undone");
        });
        await expect(undone).rejects.toThrow("undone");
        await tx.transaction((inner) => inner.query(insert(4)));
      });
      await expect(orm.transaction((tx) => tx.query(insert(1)))).rejects.toThrow();
      await Promise.all([5, 6].map((id) => orm.transaction((tx) => tx.query(insert(id)))));
      expect(await ids()).toEqual([1, 2, 4, 5, 6]);
    }),
  );
  expect(await tenancy.withTenant("acme", ids)).toEqual([]);
  await orm.close?.();
});
