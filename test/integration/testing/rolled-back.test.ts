import type { Pool as MariadbPool } from "mariadb";
import type { Pool as Mysql2Pool } from "mysql2";
import type { Pool as PgPool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TenancyConfig } from "../../../src/core/config.ts";
import { createTestTenancy, rolledBack, type TestTenancy } from "../../../src/testing/index.ts";
import {
  describeEngines,
  type EngineDatabase,
  type Engine,
  ENGINES,
} from "../../support/engines.ts";

/** A pool as all of the client libraries have it, in their own words. */
interface Words {
  /** Takes a connection; `sql` runs on it. */
  lease(pool: unknown): Promise<{
    sql(text: string): Promise<unknown>;
    release(): void;
  }>;
}

const WORDS: Record<Engine["name"], Words> = {
  mariadb: {
    async lease(pool) {
      const connection = await (pool as MariadbPool).getConnection();
      return { release: () => void connection.release(), sql: (text) => connection.query(text) };
    },
  },
  mysql2: {
    async lease(pool) {
      const connection = await (pool as Mysql2Pool).promise().getConnection();
      return { release: () => connection.release(), sql: (text) => connection.query(text) };
    },
  },
  pg: {
    async lease(pool) {
      const client = await (pool as PgPool).connect();
      return { release: () => client.release(), sql: (text) => client.query(text) };
    },
  },
};

describeEngines(
  "everything in a test is rolled back",
  (engine) => {
    let database: EngineDatabase;
    let tenancy: TestTenancy;
    const words = WORDS[engine.name];
    const isPostgres = engine.family === "postgres";

    beforeAll(async () => {
      database = await engine.open();
      const config: TenancyConfig = {
        database: database.driver(),
        migrations: {
          global: [migration("create table plans (name varchar(50))")],
          tenant: [migration("create table notes (id int primary key, text varchar(50))")],
        },
      };
      tenancy = await createTestTenancy(config, { blockedAfterMs: 500 });
      await tenancy.create("acme");
      await tenancy.create("globex");
    });
    afterAll(async () => {
      await tenancy?.close();
      await database?.drop();
    });

    const notes = async (slug: string): Promise<number[]> =>
      await tenancy.withTenant(slug, async () => {
        const { rows } = await tenancy.query<{ id: number }>("select id from notes order by id");
        return rows.map(({ id }) => id);
      });
    const insert = (id: number): string => `insert into notes (id, text) values (${id}, 'x')`;

    test("in every scope, through every way to the database", async () => {
      await rolledBack(tenancy, async () => {
        await tenancy.withTenant("acme", async () => {
          await tenancy.query(insert(1));
          await tenancy.transaction(async (tx) => void (await tx.query(insert(2))));
          const lease = await words.lease(tenancy.pool);
          await lease.sql(insert(3));
          await lease.sql("BEGIN");
          await lease.sql(insert(4));
          await lease.sql("/* done */ COMMIT");
          lease.release();
        });
        await tenancy.withTenant("globex", () => tenancy.query(insert(7)));
        await tenancy.scopeGlobal(() => tenancy.query("insert into plans values ('pro')"));
        expect(await notes("acme")).toEqual([1, 2, 3, 4]);
        expect(await notes("globex")).toEqual([7]);
      });
      expect(await notes("acme")).toEqual([]);
      expect(await notes("globex")).toEqual([]);
      const { rows } = await tenancy.scopeGlobal(() => tenancy.query("select * from plans"));
      expect(rows).toEqual([]);
    });

    test("a rollback of the application undoes its own part alone", async () => {
      await rolledBack(tenancy, async () => {
        await tenancy.withTenant("acme", async () => {
          await tenancy.query(insert(1));
          const failure = new Error("no");
          await expect(
            tenancy.transaction(async (tx) => {
              await tx.query(insert(2));
              throw failure;
            }),
          ).rejects.toBe(failure);
          const lease = await words.lease(tenancy.pool);
          await lease.sql("-- all of it\nstart transaction");
          await lease.sql(insert(3));
          await lease.sql("savepoint a");
          await lease.sql(insert(4));
          await lease.sql("rollback to savepoint a");
          await lease.sql("Commit");
          await lease.sql("begin");
          await lease.sql(insert(5));
          await lease.sql("ROLLBACK;");
          lease.release();
          await expect(tenancy.query(insert(1))).rejects.toThrow();
          await tenancy.query(insert(6));
        });
        expect(await notes("acme")).toEqual([1, 3, 6]);
      });
      expect(await notes("acme")).toEqual([]);
    });

    test.runIf(isPostgres)("a transaction that has failed does nothing until its end", async () => {
      await rolledBack(tenancy, () =>
        tenancy.withTenant("acme", async () => {
          const lease = await words.lease(tenancy.pool);
          await lease.sql("begin");
          await lease.sql(insert(1));
          await expect(lease.sql("select wrong")).rejects.toMatchObject({ code: "42703" });
          await expect(lease.sql("select 1")).rejects.toMatchObject({ code: "25P02" });
          expect(await lease.sql("commit")).toMatchObject({ command: "ROLLBACK" });
          await lease.sql(insert(2));
          lease.release();
          await expect(
            tenancy.transaction(async (tx) => {
              await tx.query("select wrong").catch(() => undefined);
            }),
          ).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
          expect(await notes("acme")).toEqual([2]);
        }),
      );
    });

    test("transactions at once wait for each other, and none of their work is lost", async () => {
      await rolledBack(tenancy, async () => {
        const one = (slug: string, id: number): Promise<unknown> =>
          tenancy.withTenant(slug, () =>
            tenancy.transaction(async (tx) => {
              await tx.query(insert(id));
              if (id % 3 === 0) throw new Error("undone");
              await tx.query(`update notes set text = '${slug}' where id = ${id}`);
            }),
          );
        const ids = Array.from({ length: 12 }, (_, index) => index + 1);
        await Promise.allSettled(ids.map((id) => one(id % 2 === 0 ? "acme" : "globex", id)));
        expect(await notes("acme")).toEqual([2, 4, 8, 10]);
        expect(await notes("globex")).toEqual([1, 5, 7, 11]);
      });
    });

    test("a query beside the transaction that it is called in runs within it, in its own scope", async () => {
      await rolledBack(tenancy, () =>
        tenancy.withTenant("acme", async () => {
          await tenancy.transaction(async (tx) => {
            await tx.query(insert(1));
            await tenancy.withTenant("globex", () => tenancy.query(insert(2)));
            await tenancy.withTenant("globex", () =>
              tenancy.transaction(async (inner) => void (await inner.query(insert(3)))),
            );
            await tx.query(insert(4));
          });
          const lease = await words.lease(tenancy.pool);
          await lease.sql("begin");
          await lease.sql(insert(5));
          await tenancy.withTenant("globex", () => tenancy.query(insert(6)));
          await lease.sql(insert(7));
          await lease.sql("commit");
          lease.release();
          expect(await notes("acme")).toEqual([1, 4, 5, 7]);
          expect(await notes("globex")).toEqual([2, 3, 6]);
        }),
      );
    });

    test("a transaction that waits for one within it gets an error that says so", async () => {
      await rolledBack(tenancy, () =>
        tenancy.withTenant("acme", async () => {
          const outer = await words.lease(tenancy.pool);
          const inner = await words.lease(tenancy.pool);
          await outer.sql("begin");
          await inner.sql("begin");
          await expect(outer.sql(insert(1))).rejects.toMatchObject({ code: "SANDBOX_BLOCKED" });
          await inner.sql("rollback");
          inner.release();
          await outer.sql("rollback");
          outer.release();
        }),
      );
    });

    test("no scope, no query; and the other tenant sees nothing", async () => {
      await rolledBack(tenancy, async () => {
        await expect(tenancy.query("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
        await tenancy.withTenant("acme", () => tenancy.query(insert(1)));
        expect(await notes("globex")).toEqual([]);
        await expect(tenancy.create("initech")).rejects.toMatchObject({ code: "SANDBOX_REFUSED" });
        await expect(rolledBack(tenancy, () => 1)).rejects.toMatchObject({
          code: "SANDBOX_REFUSED",
        });
      });
    });

    test("a transaction that the test leaves open fails it, and what comes after is refused", async () => {
      let late: Promise<unknown> | undefined;
      const left = rolledBack(tenancy, () =>
        tenancy.withTenant("acme", async () => {
          const lease = await words.lease(tenancy.pool);
          await lease.sql("begin");
          await lease.sql(insert(1));
          late = new Promise((resolve) => setTimeout(resolve, 100))
            .then(() => lease.sql(insert(2)))
            .finally(() => lease.release());
        }),
      );
      await expect(left).rejects.toMatchObject({ code: "TRANSACTION_LEFT_OPEN" });
      await expect(late).rejects.toMatchObject({ code: "LEASE_ENDED" });
      expect(await notes("acme")).toEqual([]);
    });
  },
  ENGINES,
);

function migration(up: string): { version: string; name: string; up: string; down: string } {
  return { down: "", name: "tables", up, version: "0001" };
}
