import { AsyncLocalStorage } from "node:async_hooks";
import { createPool, type Pool, type QueryOptions } from "mariadb";
import { expect, it } from "vitest";
import { sortOptions } from "../../src/drivers/mariadb/options.ts";
import { describeMysql } from "../support/database.ts";
import { itIsolates } from "../support/describe-isolation.ts";
import { hammerWith } from "../support/isolation.ts";
import { MARIADB_KINDS } from "../support/mariadb-isolation.ts";
import { createMariadbWorld, ticked } from "../support/mariadb-world.ts";
import { countMisplaced, FIFTY_NAMES, killOne } from "../support/mysql-isolation.ts";

describeMysql("100,000 interleaved operations of 50 tenants on 5 connections of mariadb", () => {
  itIsolates({
    kill: killOne,
    kinds: MARIADB_KINDS,
    misplaced: (world) => countMisplaced(world, "GLOBAL"),
    open: (connectionLimit: number) =>
      createMariadbWorld(FIFTY_NAMES, { connectionLimit, prepareCacheLength: 60 }),
  });
});

describeMysql("the same operations on a pool that enters the scope before each query", () => {
  it("show rows of other tenants", { timeout: 120_000 }, async () => {
    const world = await createMariadbWorld(FIFTY_NAMES);
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
