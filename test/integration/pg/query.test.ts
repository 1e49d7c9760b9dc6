import { AsyncLocalStorage } from "node:async_hooks";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GLOBAL_SCOPE } from "../../../src/core/scope.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createPgWorld, type PgWorld } from "../../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b", 'Odd "name"; x']);
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

const owners = "select distinct owner from note";

describe("a one-shot query", () => {
  it("reads the tenant's own tables, in every tenant and the global scope", async () => {
    for (const [index, tenant] of world.tenants.entries()) {
      const { rows } = await world.in(index, () => world.pool.query(owners));
      expect(rows).toEqual([{ owner: tenant.schemaName }]);
    }
    const { rows } = await world.context.run(GLOBAL_SCOPE, () => world.pool.query(owners));
    expect(rows).toEqual([{ owner: "PUBLIC" }]);
  });

  it("is refused without a scope, and takes no connection", async () => {
    const { totalCount } = world.pool;
    await expect(world.pool.query(owners)).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(world.pool.connect()).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    const error = await new Promise((resolve) => {
      world.pool.query(owners, (failure) => resolve(failure));
    });
    expect(error).toMatchObject({ code: "TENANT_REQUIRED" });
    expect(world.pool.totalCount).toBe(totalCount);
  });

  it("takes parameters, names, row modes and configuration objects", async () => {
    await world.in(1, async () => {
      const { pool } = world;
      const text = "select owner, $1::int as n from note limit 1";
      const named = { name: "one", text, values: [7] };
      for (let round = 0; round < 3; round += 1) {
        expect((await pool.query(text, [7])).rows).toEqual([{ n: 7, owner: "tenant_b" }]);
        expect((await pool.query(named)).rows).toEqual([{ n: 7, owner: "tenant_b" }]);
        expect((await pool.query({ rowMode: "array", text, values: [7] })).rows).toEqual([
          ["tenant_b", 7],
        ]);
      }
      expect((await pool.query({ text, values: [1] }, [8])).rows).toEqual([
        { n: 8, owner: "tenant_b" },
      ]);
      expect((await pool.query("")).rows).toEqual([]);
    });
  });

  it("calls back in the caller's async context", async () => {
    const trace = new AsyncLocalStorage<string>();
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, job) =>
        world.in(job % 2, () =>
          trace.run(
            `job ${job}`,
            () =>
              new Promise((resolve, reject) => {
                world.pool.query("select $1::int", [job], (error) =>
                  error ? reject(error) : resolve(trace.getStore()),
                );
              }),
          ),
        ),
      ),
    );
    expect(seen).toEqual(Array.from({ length: 20 }, (_, job) => `job ${job}`));
  });

  it("leaves the session without a search path", async () => {
    await world.in(0, () => world.pool.query(owners));
    const raw = await world.in(0, () => world.pool.connect());
    const { rows } = await raw.query("show search_path");
    raw.release();
    expect(rows).toEqual([{ search_path: '"tenant_a", pg_temp' }]);
  });

  it("keeps the connection after an error that the server sent", async () => {
    await world.in(0, () => world.pool.query(owners));
    const { totalCount } = world.pool;
    for (const text of ["select nonsense", "selec", "select 1/0"]) {
      await expect(world.in(0, () => world.pool.query(text))).rejects.toThrow();
    }
    expect(world.pool.totalCount).toBe(totalCount);
    expect((await world.in(1, () => world.pool.query(owners))).rows).toEqual([
      { owner: "tenant_b" },
    ]);
  });

  it("refuses several statements unless they are asked for", async () => {
    const text = "insert into note (owner) values ('x'); delete from note where owner = 'x'";
    await world.in(0, async () => {
      await expect(world.pool.query(text)).rejects.toMatchObject({ code: "MULTIPLE_STATEMENTS" });
      const results: unknown = await world.pool.query({
        queryMode: "simple",
        text,
      } as pg.QueryConfig);
      expect(results).toMatchObject([{ command: "INSERT" }, { command: "DELETE", rowCount: 1 }]);
    });
  });

  it("points to where a text of several statements is wrong", async () => {
    for (const [text, code] of [
      ["select 1;\nselect nonsense", "42703"],
      ["select 1;\nselect for", "42601"],
    ] as const) {
      const config = { queryMode: "simple", text } as pg.QueryConfig;
      const plain: unknown = await world.admin.query(text).catch((error: unknown) => error);
      const { position } = plain as { position: string };
      await expect(world.in(0, () => world.pool.query(config))).rejects.toMatchObject({
        code,
        position,
      });
    }
  });

  it("runs statements that refuse a transaction block, and leaves nothing behind", async () => {
    await world.in(0, () => world.pool.query("vacuum note"));
    await world.in(1, () =>
      world.pool.query("create index concurrently note_owner on note (owner)"),
    );
    const { rows } = await world.admin.query(
      "select schemaname from pg_indexes where indexname = 'note_owner'",
    );
    expect(rows).toEqual([{ schemaname: "tenant_b" }]);
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        expect((await world.in(0, () => world.pool.query(owners))).rows).toEqual([
          { owner: "tenant_a" },
        ]);
      }),
    );
  });

  it("says that a query left a transaction open, and rolls it back", async () => {
    await expect(world.in(0, () => world.pool.query("begin"))).rejects.toMatchObject({
      code: "TRANSACTION_LEFT_OPEN",
    });
    expect((await world.in(1, () => world.pool.query(owners))).rows).toEqual([
      { owner: "tenant_b" },
    ]);
  });

  it("fails when the schema is gone, and reports it", async () => {
    await world.admin.query("create schema tenant_gone");
    const gone = { ...world.tenants[0]!, schemaName: "tenant_gone", slug: "gone" };
    const scope = { kind: "tenant", tenant: gone } as const;
    await world.context.run(scope, () => world.pool.query("select 1"));
    await world.admin.query("drop schema tenant_gone");
    await expect(
      world.context.run(scope, () => world.pool.query("select 1")),
    ).rejects.toMatchObject({
      code: "SCHEMA_NOT_FOUND",
      tenant: "gone",
    });
    expect(world.missing).toContain("tenant_gone");
  });

  it("refuses a cursor on the pool, bad text and bad values, without a connection", async () => {
    await world.in(0, async () => {
      const { pool } = world;
      await expect(pool.query({ submit: () => undefined } as never)).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
      await expect(pool.query({} as never)).rejects.toMatchObject({ code: "INVALID_QUERY" });
      await expect(pool.query("select 1", "x" as never)).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
      await expect(
        pool.query("select $1::jsonb", [
          {
            toJSON: () => {
              throw new Error("no");
            },
          },
        ]),
      ).rejects.toThrow("no");
      expect((await pool.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    });
  });
});
