import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeOf } from "../../src/core/scope.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createPgWorld, type PgWorld } from "../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b", "tenant_c"], {
    max: 1,
    preparedStatements: { max: 4 },
  });
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

interface Prepared {
  readonly name: string;
  readonly statement: string;
}

/** Lists what the one connection has prepared, apart from what enters a scope. */
async function prepared(): Promise<Prepared[]> {
  const { rows } = await world.in(0, () =>
    world.pool.query<Prepared>({
      queryMode: "simple",
      text: "select name, statement from pg_prepared_statements where name <> 'kirayedar_enter' order by prepare_time",
    } as never),
  );
  return rows;
}

function ask(
  tenant: number,
  config: pg.QueryConfig | string,
  values?: unknown[],
): Promise<pg.QueryResult> {
  return world.in(tenant, () => world.pool.query(config as string, values));
}

describe("statements that come again", () => {
  it("are prepared at their second use, under a name of each tenant's own", async () => {
    const text = "select owner, $1::int as n from note limit 1";
    for (let round = 0; round < 3; round += 1) {
      for (const tenant of [0, 1]) {
        const { rows } = await ask(tenant, text, [round]);
        expect(rows).toEqual([{ n: round, owner: world.tenants[tenant]!.schemaName }]);
      }
    }
    const names = (await prepared()).filter(({ statement }) => statement === text);
    expect(new Set(names.map(({ name }) => name)).size).toBe(2);
  });

  it("are closed, the least recently used first, beyond the bound", async () => {
    for (let number = 0; number < 12; number += 1) {
      for (let use = 0; use < 3; use += 1) {
        await ask(number % 3, `select owner, ${number} as n from note where id = $1`, [1]);
      }
    }
    const statements = (await prepared()).map(({ statement }) => statement);
    expect(statements.length).toBeLessThanOrEqual(5);
    expect(statements.at(-1)).toContain("11 as n");
  });

  it("are not prepared when they control transactions or define tables", async () => {
    const client = await world.in(0, () => world.pool.connect());
    for (let round = 0; round < 4; round += 1) {
      await client.query("begin");
      await client.query("create table passing (id int)");
      await client.query("rollback");
    }
    client.release();
    expect((await prepared()).filter(({ statement }) => /begin|passing/.test(statement))).toEqual(
      [],
    );
  });

  it("named by the application, are each tenant's own too", async () => {
    const config = { name: "owners", text: "select distinct owner from note" };
    for (let round = 0; round < 2; round += 1) {
      for (const tenant of [0, 1, 2]) {
        expect((await ask(tenant, config)).rows).toEqual([
          { owner: world.tenants[tenant]!.schemaName },
        ]);
      }
    }
  });

  it("survive tables that differ between tenants, by an enum and by a column", async () => {
    for (const [index, { schemaName }] of world.tenants.entries()) {
      await world.admin.query(
        `create type ${schemaName}.mood as enum ('m${index}'); create table ${schemaName}.thing (mood ${schemaName}.mood);` +
          `insert into ${schemaName}.thing values ('m${index}')`,
      );
    }
    await world.admin.query("alter table tenant_b.thing add column extra int default 7");
    for (let round = 0; round < 4; round += 1) {
      for (const tenant of [0, 1, 2]) {
        const { rows } = await ask(tenant, { name: "things", text: "select * from thing" });
        const extra = tenant === 1 ? { extra: 7 } : {};
        expect(rows).toEqual([{ mood: `m${tenant}`, ...extra }]);
      }
    }
  });

  it("are run again, unprepared, when a migration has changed their tables", async () => {
    const text = "select * from thing where $1::int = 1";
    for (let round = 0; round < 3; round += 1) await ask(2, text, [1]);
    await world.admin.query("alter table tenant_c.thing add column later int default 9");
    expect((await ask(2, text, [1])).rows).toEqual([{ later: 9, mood: "m2" }]);
    expect((await ask(2, text, [1])).rows).toEqual([{ later: 9, mood: "m2" }]);
  });

  it("fail inside a transaction as they would without the toolkit", async () => {
    const text = "select * from thing where $1::int = 2";
    for (let round = 0; round < 3; round += 1) await ask(2, text, [2]);
    const client = await world.in(2, () => world.pool.connect());
    await client.query("begin");
    await client.query(text, [2]);
    await world.admin.query("alter table tenant_a.thing add column other int");
    await client.query("rollback");
    await world.admin.query("alter table tenant_c.thing add column other int");
    await client.query("begin");
    await expect(client.query(text, [2])).rejects.toMatchObject({ code: "0A000" });
    await client.query("rollback");
    client.release();
  });

  it("get other names when the tenant's version changes", async () => {
    const text = "select owner, 'versions' as v from note where id = $1";
    const before = { kind: "tenant", tenant: { ...world.tenants[0]!, version: "1" } } as const;
    const after = { kind: "tenant", tenant: { ...world.tenants[0]!, version: "2" } } as const;
    const again = { kind: "tenant", tenant: { ...world.tenants[0]!, version: "2" } } as const;
    for (const scope of [before, before, after, after, again]) {
      await world.context.run(scope, () => world.pool.query(text, [1]));
    }
    expect((await prepared()).filter(({ statement }) => statement === text)).toHaveLength(2);
  });
});

describe("an injected second statement", () => {
  it("is refused by the server, whatever the text does", async () => {
    const injected = "1; set search_path = tenant_b; select owner from note";
    await expect(ask(0, `select owner from note where id = ${injected}`)).rejects.toMatchObject({
      code: "MULTIPLE_STATEMENTS",
    });
  });
});

describe("a connection that has served many tenants", () => {
  it("is closed between two leases", async () => {
    const small = await createPgWorld(database.url, [], { max: 1, maxTenantsPerConnection: 2 });
    const pids: number[] = [];
    for (const tenant of [0, 1, 0, 1, 2, 0, 1]) {
      const scope = scopeOf(world.tenants[tenant]!);
      const client = await small.context.run(scope, () => small.pool.connect());
      await client.query("begin");
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      await client.query("commit");
      client.release();
      pids.push(rows[0]!.pid);
    }
    expect(new Set(pids.slice(0, 5)).size).toBe(1);
    expect(pids[5]).not.toBe(pids[4]);
    expect(pids[6]).toBe(pids[5]);
    await small.close();
  });
});
