import { text as readText } from "node:stream/consumers";
import pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopeOf } from "../../src/core/scope.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { hammer } from "../support/isolation.ts";
import { createPgWorld, type PgWorld } from "../support/pg-world.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";

const database: TestDatabase = await createTestDatabase();
const bouncer = await startPgBouncer({ poolMode: "transaction", poolSize: 3, url: database.url });
if ("unavailable" in bouncer && process.env["CI"] === "true") throw new Error(bouncer.unavailable);
const names = Array.from({ length: 20 }, (_, index) => `tenant_${index}`);

afterAll(async () => {
  if (!("unavailable" in bouncer)) await bouncer.stop();
  await database.drop();
});

describe.skipIf("unavailable" in bouncer)("behind PgBouncer in transaction mode", () => {
  const url = "url" in bouncer ? bouncer.url : "";
  let world: PgWorld;

  beforeAll(async () => {
    world = await createPgWorld(url, names, {
      adminUrl: database.url,
      directConnectionString: database.url,
      max: 12,
      pooler: "transaction",
    });
  });
  afterAll(async () => {
    await world.close();
  });

  it("shows and writes no row of another tenant", { timeout: 120_000 }, async () => {
    const report = await hammer({
      concurrency: 60,
      in: (tenant, fn) => world.in(tenant, fn),
      operations: 10_000,
      pool: world.pool,
      tenants: world.tenants,
    });
    expect([...report.unexpected]).toEqual([]);
    expect(report.leaks).toBe(0);
    expect(report.rows).toBeGreaterThan(10_000);
    for (const { schemaName } of world.tenants) {
      const { rows } = await world.admin.query(
        `select count(*)::int as n from ${schemaName}.note where owner <> '${schemaName}'`,
      );
      expect(rows).toEqual([{ n: 0 }]);
    }
  });

  it("would leak with a search path that is set for the session", async () => {
    const naive = new pg.Pool({ connectionString: url, max: 12 });
    let leaks = 0;
    await Promise.all(
      Array.from({ length: 400 }, async (_, job) => {
        const schema = names[job % names.length]!;
        const client = await naive.connect();
        await client.query(`set search_path = ${schema}`);
        const { rows } = await client.query<{ owner: string }>("select owner from note limit 1");
        client.release();
        if (rows[0]?.owner !== schema) leaks += 1;
      }),
    );
    await naive.end();
    expect(leaks).toBeGreaterThan(0);
  });

  it("refuses what needs a session, before it is sent", async () => {
    for (const text of [
      "set statement_timeout = '1s'",
      "create temp table t (id int)",
      "select pg_advisory_lock(1)",
      "listen something",
    ]) {
      await expect(world.in(0, () => world.pool.query(text))).rejects.toMatchObject({
        code: "STATEMENT_NEEDS_SESSION",
      });
    }
    await expect(world.in(0, () => world.pool.query("vacuum note"))).rejects.toMatchObject({
      code: "STATEMENT_NEEDS_SESSION",
    });
  });

  it("copies in a transaction, and only there", async () => {
    const copy = "copy (select distinct owner from note) to stdout";
    const client = await world.in(0, () => world.pool.connect());
    await expect(readText(client.query(copyTo(copy)))).rejects.toMatchObject({
      code: "STATEMENT_NEEDS_SESSION",
    });
    await client.query("begin");
    expect(await readText(client.query(copyTo(copy)))).toBe("tenant_0\n");
    await client.query("commit");
    client.release();
  });

  it("takes sessions and notifications from the direct address", async () => {
    const heard: string[] = [];
    let isConnected = false;
    const stop = await world.driver.subscribe("test_channel", {
      onMessage: (payload) => heard.push(payload),
      onStatus: (connected) => (isConnected = connected),
    });
    expect(isConnected).toBe(true);
    await world.driver.session({ lock: "one" }, async (session) => {
      const scope = scopeOf(world.tenants[0]!);
      await session.query(scope, "select pg_notify('test_channel', 'hello')");
      await session.queryOutsideTransaction(scope, "vacuum note");
    });
    await expect.poll(() => heard).toEqual(["hello"]);
    await stop?.();
  });

  it("says which address is missing for what needs a session", async () => {
    const poor = await createPgWorld(url, [], { adminUrl: database.url, pooler: "transaction" });
    await expect(poor.driver.session({}, async () => undefined)).rejects.toMatchObject({
      code: "DIRECT_CONNECTION_REQUIRED",
    });
    expect(
      poor.driver.subscribe("x", { onMessage: () => undefined, onStatus: () => undefined }),
    ).toBe(undefined);
    await poor.close();
  });

  it("is noticed when the configuration does not name it", async () => {
    const mistaken = await createPgWorld(url, [], { adminUrl: database.url, max: 6 });
    const errors = await Promise.all(
      Array.from({ length: 200 }, async (_, job) => {
        const scope = scopeOf(world.tenants[job % names.length]!);
        const read = mistaken.context.run(scope, () =>
          mistaken.pool.query<{ owner: string }>("select owner from note limit 1"),
        );
        const outcome = await read.catch((error: Error) => error);
        if (outcome instanceof Error) return (outcome as Error & { code?: string }).code;
        expect(outcome.rows).toEqual([{ owner: names[job % names.length] }]);
        return undefined;
      }),
    );
    const codes = new Set(errors.filter((code) => code !== undefined));
    expect([...codes]).toEqual(["INVALID_CONFIG"]);
    await mistaken.close();
  });
});
