import { AsyncLocalStorage } from "node:async_hooks";
import mysql from "mysql2";
import { expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { itIsolates } from "../support/describe-isolation.ts";
import { hammerWith } from "../support/isolation.ts";
import { countMisplaced, FIFTY_NAMES, killOne } from "../support/mysql-isolation.ts";
import { backquoted, createMysqlWorld } from "../support/mysql-world.ts";
import { MYSQL2_KINDS } from "../support/mysql2-isolation.ts";

describeMysql("100,000 interleaved operations of 50 tenants on 5 connections of mysql2", () => {
  itIsolates({
    kill: killOne,
    kinds: MYSQL2_KINDS,
    misplaced: (world) => countMisplaced(world),
    open: (connectionLimit: number) =>
      createMysqlWorld(FIFTY_NAMES, { connectionLimit, maxPreparedStatements: 60 }),
  });
});

describeMysql("the same operations on a pool that enters the scope where it is called", () => {
  it("show rows of other tenants", { timeout: 120_000 }, async () => {
    const world = await createMysqlWorld(FIFTY_NAMES);
    const scope = new AsyncLocalStorage<string>();
    const pool = mysql.createPool({ connectionLimit: 5, uri: world.database.url });
    const getConnection = pool.getConnection.bind(pool);
    pool.getConnection = (callback) => {
      getConnection((error, connection) => {
        const name = scope.getStore();
        if (error || name === undefined) return callback(error, connection);
        connection.query(`use ${backquoted(name)}`, (failure) => callback(failure, connection));
      });
    };
    const report = await hammerWith(MYSQL2_KINDS, {
      concurrency: 100,
      in: (tenant, fn) => scope.run(world.tenants[tenant]!.schemaName, fn),
      kinds: ["read", "callback", "execute", "stream"],
      operations: 5_000,
      pool,
      tenants: world.tenants,
    });
    expect(report.leaks).toBeGreaterThan(100);
    await new Promise<void>((resolve) => pool.end(() => resolve()));
    await world.close();
  });
});
