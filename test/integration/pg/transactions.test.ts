import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createPgWorld, type PgWorld } from "../../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b"], { max: 1 });
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

const owners = "select distinct owner from note where owner like 'tenant%'";
const isolation = "select current_setting('transaction_isolation') as level";

/** Runs statements on one client of a tenant; returns the rows of the last one. */
async function run(tenant: number, statements: readonly string[]): Promise<object[]> {
  const client = await world.in(tenant, () => world.pool.connect());
  try {
    let result: pg.QueryResult<object> | undefined;
    for (const statement of statements) result = await client.query<object>(statement);
    return result?.rows ?? [];
  } finally {
    await client.query("rollback");
    client.release();
  }
}

const beginnings = [
  ["begin isolation level serializable"],
  ["begin", "set transaction isolation level serializable"],
  ["START TRANSACTION ISOLATION LEVEL SERIALIZABLE;"],
  ["start transaction;", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;"],
  ["/* why */ begin transaction read write, isolation level serializable"],
];

it.each(beginnings)("isolates a transaction as it is told: %s", async (...statements) => {
  expect(await run(0, [...statements, isolation])).toEqual([{ level: "serializable" }]);
});

it.each(beginnings)("is in its tenant after: %s", async (...statements) => {
  // The connection is the only one, and was in another tenant's scope just now.
  await world.in(1, () => world.pool.query(owners));
  expect(await run(0, [...statements, owners])).toEqual([{ owner: "tenant_a" }]);
  expect(await run(1, [...statements, owners])).toEqual([{ owner: "tenant_b" }]);
});

it("is in its tenant after a savepoint that was rolled back", async () => {
  const statements = ["begin", "savepoint one", owners, "rollback to one", owners];
  expect(await run(0, statements)).toEqual([{ owner: "tenant_a" }]);
});

it.each([
  [["begin", "commit and chain", owners]],
  [["begin", owners, "commit and chain", "set transaction isolation level serializable", owners]],
  [["begin", owners, "rollback and chain", owners]],
  [["begin", "savepoint one", "rollback to one", owners]],
  [["begin", "begin isolation level serializable", owners]],
  [["begin", owners, "commit", "set transaction read only", owners]],
  [["begin -- why; and so on", owners]],
  [["begin; -- why", owners]],
])("is in its tenant at the end of %j", async (statements) => {
  await world.in(1, () => world.pool.query(owners));
  expect(await run(0, statements)).toEqual([{ owner: "tenant_a" }]);
  expect(await world.in(1, () => world.pool.query(owners))).toMatchObject({
    rows: [{ owner: "tenant_b" }],
  });
});

it("is in its tenant when all is sent at once, and when what begins has failed", async () => {
  const client = await world.in(0, () => world.pool.connect());
  const texts = ["begin isolation level none", owners, "begin", "select 1 / 0", owners, "rollback"];
  const sent = [...texts, "begin", owners, "commit", owners].map((text) =>
    client.query<object>(text).then(
      ({ rows }) => rows,
      (error: { code?: string }) => error.code,
    ),
  );
  const own = [{ owner: "tenant_a" }];
  const answers = ["42601", own, [], "22012", "25P02", [], [], own, [], own];
  expect(await Promise.all(sent)).toEqual(answers);
  client.release();
});

it("is in its tenant in a text that begins and goes on", async () => {
  const client = await world.in(0, () => world.pool.connect());
  const text = `begin; ${owners}`;
  const config: pg.QueryConfig & { readonly queryMode: string } = { queryMode: "simple", text };
  const results = (await client.query(config)) as unknown as pg.QueryResult[];
  expect(results.at(-1)?.rows).toEqual([{ owner: "tenant_a" }]);
  await client.query("rollback");
  client.release();
});

it("begins, and does nothing, without being in a scope", async () => {
  expect(await run(0, ["begin", "commit", "begin", owners])).toEqual([{ owner: "tenant_a" }]);
});

it.each([undefined, "by_name"])(
  "prepares a statement anew after a transaction that failed because its table had changed (name: %s)",
  async (name) => {
    const text = "select * from note where id = 1";
    const config: pg.QueryConfig = name === undefined ? { text } : { name, text };
    for (let use = 0; use < 10; use += 1) await world.in(0, () => world.pool.query(config));
    await world.admin.query(`alter table tenant_a.note add column of_${name} text`);
    const tries = [];
    for (let number = 0; number < 2; number += 1) {
      const client = await world.in(0, () => world.pool.connect());
      await client.query("begin");
      tries.push(
        await client.query(config).then(
          ({ rowCount }) => rowCount,
          (error: Error) => error.message,
        ),
      );
      await client.query("rollback");
      client.release();
    }
    expect(tries).toEqual(["cached plan must not change result type", 1]);
  },
);
