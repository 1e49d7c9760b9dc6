import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { itIsolates } from "../support/describe-isolation.ts";
import { hammer, PG_KINDS } from "../support/isolation.ts";
import { createPgWorld, type PgWorld, quoted } from "../support/pg-world.ts";

const TENANTS = 50;
const names = Array.from({ length: TENANTS }, (_, index) => `tenant_${index}`);
// Names that only quoting keeps apart, and one that is as long as it can be.
names.splice(0, 4, 'Tenant "1"', "tenant 1; drop schema public", "TENANT_1", "t".repeat(63));

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

/** Counts the rows that are in another schema than their owner's, whoever wrote them. */
async function misplaced(world: PgWorld): Promise<number> {
  let count = 0;
  for (const schema of ["public", ...world.tenants.map(({ schemaName }) => schemaName)]) {
    const owner = schema === "public" ? "PUBLIC" : schema;
    const { rows } = await world.admin.query<{ n: number }>(
      `select count(*)::int as n from ${quoted(schema)}.note where owner <> $1`,
      [owner],
    );
    count += rows[0]!.n;
  }
  return count;
}

describe("100,000 interleaved operations of 50 tenants on 5 connections", () => {
  itIsolates({
    kill: (world) =>
      world.admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hammered' order by random() limit 1",
      ),
    kinds: PG_KINDS,
    misplaced,
    open: (max: number) =>
      createPgWorld(database.url, names, {
        application_name: "hammered",
        max,
        maxTenantsPerConnection: 40,
        preparedStatements: { max: 32 },
      }),
  });
});

describe("the same operations on a pool that reads the scope in `client.query`", () => {
  it("show rows of other tenants", { timeout: 120_000 }, async () => {
    const world = await createPgWorld(database.url, names);
    const scope = new AsyncLocalStorage<string>();
    class NaiveClient extends pg.Client {
      override query(...args: unknown[]): never {
        const schema = scope.getStore();
        const query = super.query.bind(this) as (...all: unknown[]) => never;
        if (schema !== undefined) query(`set search_path = ${quoted(schema)}`, () => undefined);
        return query(...args);
      }
    }
    const pool = new pg.Pool({
      Client: NaiveClient,
      connectionString: database.url,
      max: 5,
    });
    const report = await hammer({
      concurrency: 100,
      in: (tenant, fn) => scope.run(world.tenants[tenant]!.schemaName, fn),
      kinds: ["read", "callback", "simple", "failing"],
      operations: 5_000,
      pool,
      tenants: world.tenants,
    });
    expect(report.leaks).toBeGreaterThan(100);
    await pool.end();
    await world.close();
  });
});
