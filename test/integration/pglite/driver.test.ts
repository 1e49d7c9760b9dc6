import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { DriverHost } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { GLOBAL_SCOPE, type Scope, ScopeContext, scopeOf } from "../../../src/core/scope.ts";
import { pglite } from "../../../src/drivers/pglite/index.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const NODE = process.execPath;
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
      Array.from({ length: 1_000 }, (_, job) =>
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

  it("leaves nothing of one tenant in the session for the next", async () => {
    const [mine, theirs] = [driver.poolFor(a), driver.poolFor(b)];
    await mine.exec(
      "create temp table secret as select 'tenant_a' as owner; set statement_timeout = 4321;" +
        "select set_config('search_path', 'tenant_a', false);" +
        "declare kept cursor with hold for select owner from tenant_a.note;" +
        "prepare mine as select 1; select nextval('note_id_seq'); set role pg_monitor",
    );
    await expect(theirs.query("select * from secret")).rejects.toMatchObject({ code: "42P01" });
    await expect(theirs.query("fetch all from kept")).rejects.toMatchObject({ code: "34000" });
    await expect(theirs.query("select * from pg_prepared_statements")).resolves.toMatchObject({
      rows: [],
    });
    await expect(
      theirs.query("select current_user::text as who, current_setting('statement_timeout') as ms"),
    ).resolves.toMatchObject({ rows: [{ ms: "0", who: "postgres" }] });
    await expect(theirs.query("select lastval()")).rejects.toMatchObject({ code: "55000" });
    await expect(theirs.exec("commit; select owner from note")).rejects.toMatchObject({
      code: "42P01",
    });
  });

  it("refuses single statements that begin or end a transaction", async () => {
    const { pool } = driver;
    for (const text of ["begin", "/* x */ -- y\n Rollback", "START  transaction", "savepoint s"]) {
      await context.run(a, async () => {
        await expect(pool.query(text)).rejects.toMatchObject({ code: "TRANSACTION_LEFT_OPEN" });
      });
    }
    await expect(
      driver.query(a, "select 1; select owner from tenant_b.note"),
    ).rejects.toMatchObject({ code: "MULTIPLE_STATEMENTS" });
  });

  it("undoes to a savepoint inside a transaction, and stays in its scope", async () => {
    const rows = await driver.transaction(b, async (tx) => {
      await tx.query("savepoint s");
      await tx.query("insert into note (owner) values ('lost')");
      await expect(tx.query("select nonsense")).rejects.toMatchObject({ code: "42703" });
      await tx.query("rollback to savepoint s");
      return (await tx.query(owners)).rows;
    });
    expect(rows).toEqual([{ owner: "tenant_b" }]);
  });

  it("serves what a transaction started and left running", async () => {
    const later = await driver.transaction(a, async () => ({
      rows: sleep(5).then(async () => (await driver.query(b, owners)).rows),
    }));
    expect(await later.rows).toEqual([{ owner: "tenant_b" }]);
  });

  it("refuses sessions and transactions after their end", async () => {
    const session = await driver.session({}, async (session) => session);
    await expect(session.query(a, "select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    const tx = await driver.transaction(a, async (tx) => ({ tx }));
    await expect(tx.tx.query("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    await expect(tx.tx.script("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
  });

  it("reads values as pg does, and counts rows as pg does", async () => {
    const { rows } = await driver.query(
      a,
      "select count(*), 9007199254740993::int8 as big, '\\x0aff'::bytea as bytes, '{\"n\":1}'::jsonb as doc from note",
    );
    expect(rows).toEqual([
      { big: "9007199254740993", bytes: Buffer.from([0x0a, 0xff]), count: "1", doc: { n: 1 } },
    ]);
    expect((await driver.query(a, "update note set owner = owner")).rowCount).toBe(1);
    expect((await driver.query(a, "update note set owner = owner where false")).rowCount).toBe(0);
    expect((await driver.query(a, "select from note")).rowCount).toBe(1);
    expect((await driver.query(a, "comment on table note is 'x'")).rowCount).toBeNull();
    expect((await driver.poolFor(a).query("select count(*) from note")).rows).toEqual([
      { count: 1 },
    ]);
  });

  it("keeps values out of what a logger finds in an error", async () => {
    const error: unknown = await driver
      .query(a, "select $1::int", ["hunter2"])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "22P02" });
    expect(JSON.stringify({ ...(error as object) })).not.toContain("hunter2");
  });

  it("cannot be closed from within a transaction, which it would wait for", async () => {
    await driver.transaction(a, async () => {
      await expect(driver.close()).rejects.toMatchObject({ code: "INVALID_QUERY" });
    });
    expect((await driver.query(a, "select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  it("opens a folder once at a time", async () => {
    const second = pglite({ dataDir: join(folder, "..", basename(folder)) });
    second.attach(host);
    await expect(second.query(a, "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await second.close();
    expect((await driver.query(a, owners)).rows).toEqual([{ owner: "tenant_a" }]);
  });

  it("uses and locks a folder as it is written, without decoding it", async () => {
    const left = await mkdtemp(join(tmpdir(), "kirayedar-%20-"));
    const first = pglite({ dataDir: `file://${left}` });
    const second = pglite({ dataDir: left });
    for (const one of [first, second]) one.attach(host);
    expect((await first.query(GLOBAL_SCOPE, "select 1 as one")).rows).toEqual([{ one: 1 }]);
    await expect(second.query(GLOBAL_SCOPE, "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    await Promise.all([first.close(), second.close()]);
    await rm(left, { force: true, recursive: true });
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

  it("takes over a folder whose owner was killed", async () => {
    const left = await mkdtemp(join(tmpdir(), "kirayedar-pglite-"));
    const source = new URL("../../../src/drivers/pglite/folder-lock.ts", import.meta.url).href;
    const program = `
      import { lockFolder } from ${JSON.stringify(source)};
      await lockFolder(${JSON.stringify(left)});
      console.log("locked");
      setInterval(() => {}, 1_000);`;
    const owner = spawn(NODE, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void owner.kill("SIGKILL"));
    await once(owner.stdout, "data");
    const next = pglite({ dataDir: left });
    next.attach(host);
    await expect(next.query(GLOBAL_SCOPE, "select 1")).rejects.toMatchObject({
      code: "DATABASE_UNAVAILABLE",
    });
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect((await next.query(GLOBAL_SCOPE, "select 1 as one")).rows).toEqual([{ one: 1 }]);
    await next.close();
    await rm(left, { force: true, recursive: true });
  });

  it("uses a database that is open already, and closes it", async () => {
    const db = await PGlite.create();
    await db.exec("create schema tenant_a; create table tenant_a.note (owner text)");
    const given = pglite({ db });
    given.attach(host);
    expect((await given.query(a, "select * from note")).rows).toEqual([]);
    await given
      .poolFor(b)
      .query("select 1")
      .catch(() => undefined);
    await given.session({}, (session) => session.queryOutsideTransaction(a, "vacuum note"));
    await expect(db.query("select * from note")).rejects.toMatchObject({ code: "42P01" });
    await given.pool.close();
    expect(db.closed).toBe(true);

    const unused = await PGlite.create();
    const idle = pglite({ db: unused });
    idle.attach(host);
    await idle.close();
    expect(unused.closed).toBe(true);
  });
});
