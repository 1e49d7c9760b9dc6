import { AsyncLocalStorage } from "node:async_hooks";
import { createPool, type Pool, type QueryOptions } from "mariadb";
import { expect, it } from "vitest";
import { sortOptions } from "../../src/drivers/mariadb/options.ts";
import { describeMysql } from "../support/database.ts";
import { hammerWith } from "../support/isolation.ts";
import { MARIADB_KINDS } from "../support/mariadb-isolation.ts";
import { createMariadbWorld, type MariadbWorld, ticked } from "../support/mariadb-world.ts";

const TENANTS = 50;
const names = Array.from({ length: TENANTS }, (_, index) => `tenant_${index}`);
// Names that only quoting keeps apart, or that would be patterns or placeholders, and a long one.
names.splice(
  0,
  7,
  "tenant`1`",
  "tenant; use mysql",
  "tenant%",
  "tenant_",
  "ténant ␀1",
  "t ? :x '\"",
  "x".repeat(49),
);

/** Counts the rows that are in another database than their owner's, whoever wrote them. */
async function misplaced(world: MariadbWorld): Promise<number> {
  let count = 0;
  for (const schema of [world.database.name, ...world.tenants.map((one) => one.schemaName)]) {
    const owner = schema === world.database.name ? "GLOBAL" : schema;
    const [rows] = await world.admin.query(
      `select count(*) as n from ${ticked(schema)}.note where binary owner <> ?`,
      [owner],
    );
    count += (rows as { n: number }[])[0]!.n;
  }
  return count;
}

/** Ends one of the driver's sessions, whatever it does. */
async function kill(world: MariadbWorld): Promise<void> {
  const [rows] = await world.admin.query(
    "select id from information_schema.processlist where user = ? order by rand() limit 1",
    [world.user],
  );
  const [row] = rows as { id: number }[];
  // It may have ended by itself meanwhile.
  if (row) await world.admin.query(`kill ${row.id}`).catch(() => undefined);
}

describeMysql("100,000 interleaved operations of 50 tenants on 5 connections of mariadb", () => {
  it("show and write no row of another tenant", { timeout: 600_000 }, async () => {
    const world = await createMariadbWorld(names, { connectionLimit: 5, prepareCacheLength: 60 });
    const report = await hammerWith(MARIADB_KINDS, {
      concurrency: 100,
      in: (tenant, fn) => world.in(tenant, fn),
      kill: () => kill(world),
      operations: 100_000,
      pool: world.pool,
      tenants: world.tenants,
    });
    expect([...report.unexpected]).toEqual([]);
    expect(report.leaks).toBe(0);
    expect(await misplaced(world)).toBe(0);
    expect(report.operations).toBe(100_000);
    expect(report.rows).toBeGreaterThan(100_000);
    expect(report.expectedErrors).toBeGreaterThan(5_000);
    await world.close();
  });

  it("show none on a single connection", { timeout: 240_000 }, async () => {
    const world = await createMariadbWorld(names, { connectionLimit: 1 });
    const report = await hammerWith(MARIADB_KINDS, {
      concurrency: 20,
      in: (tenant, fn) => world.in(tenant, fn),
      operations: 5_000,
      pool: world.pool,
      tenants: world.tenants,
    });
    expect([...report.unexpected]).toEqual([]);
    expect(report.leaks).toBe(0);
    await world.close();
  });
});

describeMysql("the same operations on a pool that enters the scope before each query", () => {
  it("show rows of other tenants", { timeout: 120_000 }, async () => {
    const world = await createMariadbWorld(names);
    const scope = new AsyncLocalStorage<string>();
    const { config } = sortOptions({ uri: world.database.url });
    const pool = createPool({ ...config, connectionLimit: 5 });
    const naive = Object.create(pool, {
      query: {
        value: async (sql: string | QueryOptions, values?: unknown) => {
          // On any connection, and on another one the query.
          await pool.query(`use ${ticked(scope.getStore()!)}`);
          return await pool.query<unknown>(sql, values);
        },
      },
    }) as Pool;
    const report = await hammerWith(MARIADB_KINDS, {
      concurrency: 100,
      in: (tenant, fn) => scope.run(world.tenants[tenant]!.schemaName, fn),
      kinds: ["read", "arrays"],
      operations: 5_000,
      pool: naive,
      tenants: world.tenants,
    });
    expect(report.leaks).toBeGreaterThan(100);
    await pool.end();
    await world.close();
  });
});
