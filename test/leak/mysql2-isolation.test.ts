import { AsyncLocalStorage } from "node:async_hooks";
import mysql from "mysql2";
import type { RowDataPacket } from "mysql2";
import { expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { hammerWith } from "../support/isolation.ts";
import { backquoted, createMysqlWorld, type MysqlWorld } from "../support/mysql-world.ts";
import { MYSQL2_KINDS } from "../support/mysql2-isolation.ts";

const TENANTS = 50;
const names = Array.from({ length: TENANTS }, (_, index) => `tenant_${index}`);
// Names that only quoting keeps apart, or that would be patterns, and one that is as long as it can be.
names.splice(
  0,
  6,
  "tenant`1`",
  "tenant; use mysql",
  "tenant%",
  "tenant_",
  "ténant ␀1",
  "x".repeat(49),
);

interface Count extends RowDataPacket {
  readonly n: number;
}

/** Counts the rows that are in another database than their owner's, whoever wrote them. */
async function misplaced(world: MysqlWorld): Promise<number> {
  let count = 0;
  const all = [world.database.name, ...world.tenants.map(({ schemaName }) => schemaName)];
  for (const name of all) {
    const [rows] = await world.admin.query<Count[]>(
      `select count(*) as n from ${backquoted(name)}.note where owner <> ?`,
      [name],
    );
    count += rows[0]!.n;
  }
  return count;
}

/** Ends one of the pool's sessions, whatever it does. */
async function kill(world: MysqlWorld): Promise<void> {
  const [rows] = await world.admin.query<RowDataPacket[]>(
    "select id from information_schema.processlist where user = ? order by rand() limit 1",
    [world.user],
  );
  // It may have ended by itself meanwhile.
  if (rows[0]) await world.admin.query(`kill ${rows[0]["id"]}`).catch(() => undefined);
}

describeMysql("100,000 interleaved operations of 50 tenants on 5 connections of mysql2", () => {
  it("show and write no row of another tenant", { timeout: 600_000 }, async () => {
    const world = await createMysqlWorld(names, { connectionLimit: 5, maxPreparedStatements: 60 });
    const report = await hammerWith(MYSQL2_KINDS, {
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
    const world = await createMysqlWorld(names, { connectionLimit: 1 });
    const report = await hammerWith(MYSQL2_KINDS, {
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

describeMysql("the same operations on a pool that enters the scope where it is called", () => {
  it("show rows of other tenants", { timeout: 120_000 }, async () => {
    const world = await createMysqlWorld(names);
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
