import { setTimeout as sleep } from "node:timers/promises";
import type { Pool as MariadbPool } from "mariadb";
import type { Pool as Mysql2Pool } from "mysql2";
import type { Pool as PgPool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  beginRollback,
  createTestTenancy,
  rolledBack,
  testDatabase,
  type TestTenancy,
} from "../../../src/testing/index.ts";
import { describeEngines, type EngineDatabase, ENGINES } from "../../support/engines.ts";

const migrations = {
  global: [],
  tenant: [{ name: "a", up: "create table notes (id int primary key)", version: "0001" }],
};

describeEngines(
  "nothing of a test is left",
  (engine) => {
    let database: EngineDatabase;
    let tenancy: TestTenancy;
    const isPostgres = engine.family === "postgres";

    beforeAll(async () => {
      database = await engine.open();
      const config = { database: database.driver({ max: 2 }), migrations };
      tenancy = await createTestTenancy(config, { blockedAfterMs: 500, ready: 0 });
      await tenancy.create("acme");
      await tenancy.create("globex");
    });
    afterAll(async () => {
      await tenancy?.close();
      await database?.drop();
    });

    const insert = (id: number): Promise<unknown> =>
      tenancy.query(`insert into notes values (${id})`);
    const inAcme = <T>(fn: () => T): Promise<Awaited<T>> => tenancy.withTenant("acme", fn);
    const notes = async (slug = "acme"): Promise<unknown[]> =>
      (await tenancy.withTenant(slug, () => tenancy.query("select * from notes"))).rows;
    const lease = async (): Promise<{ query(text: string): unknown; release(): unknown }> => {
      if (engine.name === "pg") return await (tenancy.pool as PgPool).connect();
      if (engine.name === "mariadb") return await (tenancy.pool as MariadbPool).getConnection();
      return await (tenancy.pool as Mysql2Pool).promise().getConnection();
    };

    test("of queries that it did not wait for, while they waited for connections", async () => {
      const late: Promise<unknown>[] = [];
      await rolledBack(tenancy, () =>
        inAcme(() => {
          for (let id = 1; id <= 12; id += 1) late.push(insert(id));
          late.push(tenancy.transaction((tx) => tx.query("insert into notes values (20)")));
          for (const each of late) each.catch(() => undefined);
        }),
      ).catch(() => undefined);
      const outcomes = await Promise.allSettled(late);
      expect(outcomes.filter(({ status }) => status === "rejected")).not.toEqual([]);
      expect(await notes()).toEqual([]);
    });

    test("of work that goes on after it, however that finds its scope", async () => {
      let late: Promise<unknown> = Promise.resolve();
      await rolledBack(tenancy, () => {
        late = sleep(20).then(() => inAcme(() => insert(1)));
        late.catch(() => undefined);
      });
      await expect(late).rejects.toMatchObject({ code: "LEASE_ENDED" });
      const rollback = await beginRollback(tenancy);
      await inAcme(() => {
        late = sleep(20).then(() =>
          tenancy.scopeGlobal(() => tenancy.withTenant("acme", () => insert(2))),
        );
        late.catch(() => undefined);
      });
      await rollback.rollBack();
      await expect(late).rejects.toMatchObject({ code: "LEASE_ENDED" });
      expect(await notes()).toEqual([]);
      await inAcme(() => tenancy.query("delete from notes"));
    });

    test("when two begin at once: one of them is refused", async () => {
      const one = (id: number): Promise<unknown> =>
        rolledBack(tenancy, async () => {
          await inAcme(() => insert(id));
          await sleep(10 * id);
          await inAcme(() => insert(id + 10));
        });
      const outcomes = await Promise.allSettled([one(1), one(2)]);
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect(await notes()).toEqual([]);
    });

    test("of a connection that was taken before it, and is used in it", async () => {
      const early = await inAcme(lease);
      await rolledBack(tenancy, async () => {
        await tenancy.withTenant("globex", () => insert(1));
        await early.release();
        for (let id = 2; id <= 5; id += 1) await inAcme(() => insert(id));
        expect(await notes()).toHaveLength(4);
        expect(await notes("globex")).toHaveLength(1);
      });
      expect([await notes(), await notes("globex")]).toEqual([[], []]);
    });

    test("of texts that hide their end of a transaction", async () => {
      const texts = isPostgres
        ? [" ; commit", "/* a */;;-- b\n end;", "; begin; commit"]
        : ["; commit", "/*! commit */", "/*!50001 commit*/", "# a\n/*M!100000 rollback */"];
      for (const text of texts) {
        await rolledBack(tenancy, async () => {
          const client = await inAcme(lease);
          await client.query("insert into notes values (1)");
          await Promise.resolve(client.query(text)).catch(() => undefined);
          await client.release();
        });
        expect(await notes()).toEqual([]);
      }
    });

    test("and a test that something else ended fails", async () => {
      const admin = await database.connect();
      const ends = `${tenancy.databaseName}.ends`;
      if (!isPostgres) await admin.query(`create procedure ${ends}() commit`);
      const ended = rolledBack(tenancy, async () => {
        const text = isPostgres ? "release savepoint kirayedar_test" : `call ${ends}()`;
        await inAcme(() => tenancy.query(text));
        await inAcme(() => insert(1)).catch(() => undefined);
      });
      await expect(ended).rejects.toMatchObject({ code: "SANDBOX_REFUSED" });
      await admin.end();
      expect(await notes()).toEqual([]);
    });

    test("when its connection is lost", async () => {
      const admin = await database.connect();
      const sizes = rolledBack(tenancy, async () => {
        const id = isPostgres ? "pg_backend_pid()" : "connection_id()";
        const { rows } = await inAcme(() => tenancy.query<{ id: number }>(`select ${id} as id`));
        await inAcme(() => insert(1));
        await admin
          .query(isPostgres ? `select pg_terminate_backend(${rows[0]!.id})` : `kill ${rows[0]!.id}`)
          .catch(() => undefined);
        await sleep(50);
        await inAcme(() => insert(2));
      });
      await expect(sizes).rejects.toThrow();
      await admin.end();
      expect(await notes()).toEqual([]);
      await rolledBack(tenancy, () => inAcme(() => insert(3)));
      expect(await notes()).toEqual([]);
    });

    test.runIf(isPostgres)(
      "of locks of the session, and of what was prepared before it",
      async () => {
        const add = (tx: { query(text: string, values: number[]): unknown }, id: number): unknown =>
          tx.query("insert into notes values ($1)", [id]);
        await inAcme(async () => {
          for (let id = 1; id <= 9; id += 1) await add(tenancy, id);
          await tenancy.query("delete from notes");
        });
        await rolledBack(tenancy, () =>
          inAcme(async () => {
            await tenancy.query("select pg_advisory_lock(77)");
            await tenancy.query("set work_mem = '77kB'");
            await tenancy.transaction(async (tx) => {
              for (let id = 1; id <= 9; id += 1) await add(tx, id);
            });
            expect(await notes()).toHaveLength(9);
          }),
        );
        const { rows } = await inAcme(() =>
          tenancy.query(
            "select count(*)::int as locks, current_setting('work_mem') as mem from pg_locks where locktype = 'advisory' and objid = 77",
          ),
        );
        expect(rows).toEqual([{ locks: 0, mem: "4MB" }]);
      },
    );
  },
  ENGINES,
);

test("nothing of a test is left in a database inside the process", async () => {
  await using tenancy = await createTestTenancy({ database: await testDatabase(), migrations });
  await tenancy.create("acme");
  const insert = (id: number): Promise<unknown> =>
    tenancy.withTenant("acme", () => tenancy.query(`insert into notes values (${id})`));
  const late: Promise<unknown>[] = [];
  await rolledBack(tenancy, () => {
    for (let id = 1; id <= 5; id += 1) late.push(insert(id));
    late.push(sleep(20).then(() => insert(6)));
    for (const each of late) each.catch(() => undefined);
  }).catch(() => undefined);
  await Promise.allSettled(late);
  await rolledBack(tenancy, async () => {
    const both = [10, 11, 12].map((id) =>
      tenancy.withTenant("acme", () =>
        tenancy.transaction(async (tx) => {
          await tx.query(`insert into notes values (${id})`);
          await sleep(2);
          if (id === 11) throw new Error("undone");
        }),
      ),
    );
    await Promise.allSettled(both);
    const { rows } = await tenancy.withTenant("acme", () => tenancy.query("select id from notes"));
    expect(rows).toEqual([{ id: 10 }, { id: 12 }]);
  });
  const { rows } = await tenancy.withTenant("acme", () => tenancy.query("select * from notes"));
  expect(rows).toEqual([]);
});
