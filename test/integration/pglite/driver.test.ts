import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriverHost } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { GLOBAL_SCOPE, type Scope, ScopeContext, scopeOf } from "../../../src/core/scope.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const missing: string[] = [];
const context = new ScopeContext();
const host: DriverHost = {
  currentScope: () => context.current(),
  globalSchema: "public",
  logger: SILENT_LOGGER,
  onSchemaMissing: (schemaName) => missing.push(schemaName),
  sharedSchemas: [],
};
const [a, b] = [scopeOf(fakeTenant("a")), scopeOf(fakeTenant("b"))];
const owners = "select distinct owner from note";
let folder: string;
let driver: ReturnType<typeof pglite>;

async function fill(scope: Scope, owner: string): Promise<void> {
  const script = `create table note (id serial primary key, owner text); insert into note (owner) values ('${owner}')`;
  await driver.session({}, (session) =>
    session.transaction(
      scope,
      (tx) => tx.script(script),
      scope.kind === "tenant" ? { first: `create schema ${scope.tenant.schemaName}` } : {},
    ),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kirayedar-pglite-"));
  driver = pglite({ dataDir: folder });
  driver.attach(host);
  await fill(GLOBAL_SCOPE, "PUBLIC");
  await fill(a, "tenant_a");
  await fill(b, "tenant_b");
});
afterAll(async () => {
  await driver.close();
  await rm(folder, { force: true, recursive: true });
});

describe("the embedded database", () => {
  it("keeps the scope in which each call is made", async () => {
    const scopes = [a, b, GLOBAL_SCOPE];
    const expected = ["tenant_a", "tenant_b", "PUBLIC"];
    let leaks = 0;
    await Promise.all(
      Array.from({ length: 600 }, (_, job) =>
        context.run(scopes[job % 3], async () => {
          const { pool } = driver;
          const own = expected[job % 3];
          if (job % 7 === 0) await pool.query("select nonsense").catch(() => undefined);
          if (job % 5 === 0) {
            await pool
              .transaction(async (tx) => {
                await tx.query("insert into note (owner) values ('lost')");
                throw new Error("rolled back");
              })
              .catch(() => undefined);
          }
          const { rows } = await pool.query<{ owner: string }>(owners);
          if (rows.length !== 1 || rows[0]?.owner !== own) leaks += 1;
        }),
      ),
    );
    expect(leaks).toBe(0);
  });

  it("refuses a call without a scope", async () => {
    await expect(driver.pool.query("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
    await expect(driver.pool.exec("select 1")).rejects.toMatchObject({ code: "TENANT_REQUIRED" });
  });

  it("gives bound views, templates and several statements", async () => {
    const bound = driver.poolFor(a);
    expect((await bound.sql`select owner, ${7}::int as n from note`).rows).toEqual([
      { n: 7, owner: "tenant_a" },
    ]);
    const results = await bound.exec("select 1 as one; select owner from note");
    expect(results.map(({ rows }) => rows)).toEqual([[{ one: 1 }], [{ owner: "tenant_a" }]]);
  });

  it("runs statements that refuse a transaction", async () => {
    await driver.poolFor(b).query("vacuum note");
    await driver.session({}, (session) =>
      session.queryOutsideTransaction(b, "create index concurrently note_owner on note (owner)"),
    );
    const { rows } = await driver.query(
      GLOBAL_SCOPE,
      "select schemaname from pg_indexes where indexname = 'note_owner'",
    );
    expect(rows).toEqual([{ schemaname: "tenant_b" }]);
    expect((await driver.query(a, owners)).rows).toEqual([{ owner: "tenant_a" }]);
  });

  it("reports a schema that is missing", async () => {
    const gone = scopeOf(fakeTenant("gone"));
    await expect(driver.query(gone, "select 1")).rejects.toMatchObject({
      code: "SCHEMA_NOT_FOUND",
      tenant: "gone",
    });
    expect(missing).toEqual(["tenant_gone"]);
  });

  it("refuses a call beside the open transaction that it would wait for", async () => {
    await driver.transaction(a, async (tx) => {
      await expect(driver.query(b, "select 1")).rejects.toMatchObject({ code: "INVALID_QUERY" });
      expect((await tx.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    });
  });

  it("does not let a transaction pass for committed when a statement had failed", async () => {
    await expect(
      driver.transaction(a, async (tx) => {
        await tx.query("select nonsense").catch(() => undefined);
      }),
    ).rejects.toMatchObject({ code: "TRANSACTION_ABORTED" });
  });

  it("holds named locks, while others query", async () => {
    const order: string[] = [];
    const first = driver.session({ lock: "one" }, async (session) => {
      await session.query(a, "select 1");
      expect((await driver.query(b, owners)).rows).toEqual([{ owner: "tenant_b" }]);
      await expect(
        driver.session({ lock: "one", lockTimeoutMs: 20 }, async () => undefined),
      ).rejects.toMatchObject({ code: "TENANT_BUSY" });
      order.push("first");
    });
    const second = driver.session({ lock: "one" }, async () => void order.push("second"));
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
  });

  it("notifies", async () => {
    const heard: string[] = [];
    const stop = await driver.subscribe("News", {
      onMessage: (text) => heard.push(text),
      onStatus: () => undefined,
    });
    await driver.query(GLOBAL_SCOPE, "select pg_notify('News', 'hello')");
    await expect.poll(() => heard).toEqual(["hello"]);
    await stop?.();
  });

  it("has what was written after a restart, and closes twice", async () => {
    await driver.query(a, "insert into note (owner) values ('tenant_a')");
    await driver.close();
    await driver.close();
    await expect(driver.query(a, "select 1")).rejects.toMatchObject({ code: "TENANCY_CLOSED" });
    driver = pglite({ dataDir: folder });
    driver.attach(host);
    expect((await driver.query(a, "select count(*)::int as n from note")).rows).toEqual([{ n: 2 }]);
  });

  it("says that its folder cannot be used", async () => {
    const broken = pglite({ dataDir: "/dev/null/nowhere" });
    broken.attach(host);
    await expect(broken.query(a, "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await broken.close();
  });
});
