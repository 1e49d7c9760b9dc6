import { text as readText } from "node:stream/consumers";
import type { PoolClient } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Scope, ScopeContext, scopeOf } from "../../src/core/scope.ts";
import { SILENT_LOGGER } from "../../src/core/logger.ts";
import { pg } from "../../src/drivers/pg/index.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createPgWorld, fakeTenant, type PgWorld } from "../support/pg-world.ts";

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

describe("a schema that is not there", () => {
  it("fails instead of letting the query fall through to a shared schema", async () => {
    const context = new ScopeContext();
    const driver = pg({ connectionString: database.url });
    driver.attach({
      currentScope: () => context.current(),
      globalSchema: "public",
      logger: SILENT_LOGGER,
      onSchemaMissing: () => undefined,
      sharedSchemas: ["public"],
    });
    const scope = scopeOf(fakeTenant("gone"));
    await expect(driver.query(scope, "select owner from note")).rejects.toMatchObject({
      code: "SCHEMA_NOT_FOUND",
      tenant: "gone",
    });
    await expect(
      driver.transaction(scope, (tx) => tx.query("insert into note (owner) values ('gone')")),
    ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    await driver.close();
    const { rows } = await world.admin.query("select distinct owner from public.note");
    expect(rows).toEqual([{ owner: "PUBLIC" }]);
  });

  it("has a missing table fail, where the global schema has one of that name", async () => {
    await world.admin.query("create table public.only_global (id int)");
    await expect(
      world.in(0, () => world.pool.query("select * from only_global")),
    ).rejects.toMatchObject({
      code: "42P01",
    });
  });
});

describe("a schema whose name is another tenant's by now", () => {
  it("is entered by no process that knows the name from before", async () => {
    // A name that looks like a parameter must not become one.
    const name = '"tenant_$2"';
    const table = "create table note (owner text); insert into note values";
    await world.admin.query(`create schema ${name}; set search_path = ${name}; ${table} ('old')`);
    const scope = scopeOf(fakeTenant("moved", { schemaName: "tenant_$2" }));
    const text = "select owner from note";
    const simple = { queryMode: "simple", text } as never;
    const copied = scopeOf(fakeTenant("copied", { schemaName: "tenant_$2" }));
    const held = async (
      use: (client: PoolClient) => Promise<unknown>,
      within: Scope = scope,
    ): Promise<void> => {
      const client = await world.context.run(within, () => world.pool.connect());
      await use(client).finally(() => client.release());
    };
    const copy = (client: PoolClient): Promise<string> =>
      readText(client.query(copyTo("copy note to stdout")));
    const ways: Record<string, () => Promise<unknown>> = {
      client: () =>
        held(async (client) => {
          await client.query("begin");
          await client.query(text);
        }),
      copy: () => held(copy),
      outside: () =>
        world.driver.session({}, (session) =>
          session.queryOutsideTransaction(scope, "analyze note"),
        ),
      query: () => world.driver.query(scope, text),
      simple: () => world.context.run(scope, () => world.pool.query(simple)),
      transaction: () => world.driver.transaction(scope, (tx) => tx.query(text)),
    };
    for (const way of Object.values(ways)) await way();
    await held(copy, copied);
    await world.admin.query(
      `alter schema ${name} rename to tenant_moved; create schema ${name}; set search_path = ${name}; ${table} ('another tenant')`,
    );
    for (const [way, run] of Object.entries(ways)) {
      await expect(run(), way).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND", tenant: "moved" });
    }
    await expect(world.driver.query(copied, text)).rejects.toMatchObject({ tenant: "copied" });
    const found = scopeOf(fakeTenant("moved", { schemaName: "tenant_moved" }));
    expect((await world.driver.query(found, text)).rows).toEqual([{ owner: "old" }]);
  });
});

describe("what escapes its scope", () => {
  it("finds no table, as the session has no search path", async () => {
    await world.in(0, () => world.pool.query("select 1"));
    const client = await world.in(0, () => world.pool.connect());
    const escaped = client.query({
      queryMode: "simple",
      text: "begin; commit; select owner from note",
    } as never);
    await expect(escaped).rejects.toMatchObject({ code: "42P01" });
    client.release();
  });

  it("does not read a temporary table in place of the tenant's", async () => {
    const client = await world.in(0, () => world.pool.connect());
    await client.query("create temp table note (owner text)");
    await client.query("insert into pg_temp.note values ('temporary')");
    expect((await client.query("select distinct owner from note")).rows).toEqual([
      { owner: "tenant_a" },
    ]);
    client.release();
  });
});

describe("a scope for which another driver's tenant was entered", () => {
  it("is not seen by this one", async () => {
    const other = await createPgWorld(database.url, ["tenant_b"]);
    await other.in(0, async () => {
      await expect(world.pool.query("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
      await world.in(0, async () => {
        const own = await world.pool.query("select distinct owner from note");
        const others = await other.pool.query("select distinct owner from note");
        expect([own.rows, others.rows]).toEqual([[{ owner: "tenant_a" }], [{ owner: "tenant_b" }]]);
      });
    });
    await other.close();
  });
});
