import type { PoolConnection } from "mariadb";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMariadbWorld, type MariadbWorld, ticked } from "../support/mariadb-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";

describeMysql("a connection that was taken from the pool", () => {
  let world: MariadbWorld;
  let own: readonly string[];

  beforeEach(async () => {
    world = await createMariadbWorld(["acme", "globex"], { connectionLimit: 1 });
    own = world.tenants.map(({ schemaName }) => schemaName);
  });
  afterEach(() => world.close());

  const take = (tenant: number): Promise<PoolConnection> =>
    world.in(tenant, () => world.pool.getConnection());
  const owners = async (tenant: number): Promise<string[]> => {
    const rows = await world.in(tenant, () => world.pool.query<Note[]>(OWNERS));
    return [...new Set(rows.map(({ owner }) => owner))];
  };
  const count = async (schema: string, body: string): Promise<number> => {
    const [rows] = await world.admin.query(
      `select count(*) as n from ${ticked(schema)}.note where body = ?`,
      [body],
    );
    return (rows as { n: number }[])[0]!.n;
  };

  const threads = async (threadId: number | null): Promise<{ info: string | null }[]> => {
    const [rows] = await world.admin.query(
      "select info from information_schema.processlist where id = ?",
      [threadId],
    );
    return rows as { info: string | null }[];
  };
  const isThere = async (threadId: number | null): Promise<boolean> =>
    (await threads(threadId)).length > 0;
  const untilRunning = async (threadId: number | null): Promise<void> => {
    await expect.poll(async () => (await threads(threadId))[0]?.info).toContain("sleep");
  };

  it("stays in the scope in which it was taken", async () => {
    const connection = await take(0);
    const rows = await world.in(1, async () => [
      await connection.query<Note[]>(OWNERS),
      await connection.execute<Note[]>(OWNERS),
      await connection.query<Note[]>({ sql: OWNERS }),
    ]);
    expect(new Set(rows.flat().map(({ owner }) => owner))).toEqual(new Set([own[0]]));
    await connection.release();
  });

  it("may be released twice, and then is nobody's", async () => {
    const first = await take(0);
    await first.release();
    const next = await take(1);
    await Promise.all([first.release(), first.end(), first.close()]);
    first.destroy();
    const waiting = take(0);
    expect((await next.query<Note[]>(OWNERS))[0]?.owner).toBe(own[1]);
    await next.release();
    await (await waiting).release();
  });

  it("cannot be used after its release", async () => {
    const connection = await take(0);
    const statement = await connection.prepare("select 1");
    await connection.release();
    const next = await take(1);
    const calls: (() => unknown)[] = [
      () => connection.query("select 1"),
      () => connection.execute("select 1"),
      () => connection.batch("insert into note (owner) values (?)", [["x"]]),
      () => connection.prepare("select 1"),
      () => connection.beginTransaction(),
      () => connection.commit(),
      () => connection.rollback(),
      () => connection.reset(),
      () => connection.ping(),
      () => connection.pause(),
      () => statement.execute(),
    ];
    for (const call of calls) {
      await expect((async () => await call())()).rejects.toMatchObject({ code: "LEASE_ENDED" });
    }
    const stream = connection.queryStream(OWNERS);
    await expect(stream.toArray()).rejects.toMatchObject({ code: "LEASE_ENDED" });
    expect(() => statement.close()).not.toThrow();
    expect(connection.isValid()).toBe(false);
    expect(connection.escape("'")).toBe(next.escape("'"));
    await next.release();
  });

  it("hears nothing of its next holder", async () => {
    const connection = await take(0);
    const heard: string[] = [];
    connection.on("error", () => heard.push("error"));
    connection.once("end", () => heard.push("end"));
    await connection.release();
    const next = await take(1);
    await world.admin.query(`kill ${next.threadId}`);
    await expect(next.query("select 1")).rejects.toThrow();
    await next.release();
    expect(heard).toEqual([]);
  });

  it("runs what is sent at once one after the other", async () => {
    const connection = await take(0);
    const insert = "insert into note (owner, body) values (?, 'at once')";
    const [, , failed, , rows] = await Promise.allSettled([
      connection.beginTransaction(),
      connection.query(insert, [own[0]]),
      connection.query("select nonsense"),
      connection.commit(),
      connection.query<Note[]>("select owner from note where body = 'at once'"),
    ]);
    expect(failed.status).toBe("rejected");
    expect(rows).toMatchObject({ status: "fulfilled", value: [{ owner: own[0] }] });
    await connection.release();
    expect(await count(own[0]!, "at once")).toBe(1);
  });

  it("runs transactions and savepoints in its scope", async () => {
    const insert = "insert into note (owner, body) values (?, ?)";
    for (const tenant of [0, 1, 0]) {
      const connection = await take(tenant);
      await connection.beginTransaction();
      await connection.query(insert, [own[tenant], "kept"]);
      await connection.query("savepoint s");
      await connection.execute(insert, [own[tenant], "undone"]);
      await connection.query("rollback to s");
      await connection.commit();
      await connection.beginTransaction();
      await connection.query(insert, [own[tenant], "undone"]);
      await connection.rollback();
      await connection.release();
    }
    expect(await count(own[0]!, "kept")).toBe(2);
    expect(await count(own[1]!, "kept")).toBe(1);
    expect(await count(own[0]!, "undone")).toBe(0);
  });

  it("carries no open transaction to its next holder", async () => {
    for (const begin of ["start transaction", "begin", "set autocommit = 0"]) {
      for (const [, failing] of ["no", "yes"].entries()) {
        const connection = await take(0);
        await connection.query(begin);
        await connection.query("insert into note (owner, body) values ('x', 'open')");
        if (failing === "yes") await connection.query("select nonsense").catch(() => undefined);
        await connection.release();
        const next = await take(1);
        await next.query("insert into note (owner, body) values (?, 'next')", [own[1]]);
        await next.rollback();
        await next.release();
      }
    }
    expect(await count(own[0]!, "open")).toBe(0);
    expect(await count(own[1]!, "next")).toBe(6);
    const warnings = world.logged.filter(([level]) => level === "warn");
    expect(warnings).toEqual(
      Array.from({ length: 6 }, () => [
        "warn",
        "connection released with an open transaction: rolled back",
      ]),
    );
  });

  it("warns of no transaction after an error or a deadlock", async () => {
    const connection = await take(0);
    await connection.query("select nonsense").catch(() => undefined);
    await connection.release();
    expect(await owners(0)).toEqual([own[0]]);
    expect(world.logged).toEqual([]);
  });

  it("rolls back what a query on the pool leaves open, and says so", async () => {
    for (const how of ["query", "execute"] as const) {
      await expect(world.in(0, () => world.pool[how]("start transaction"))).rejects.toMatchObject({
        code: "TRANSACTION_LEFT_OPEN",
        tenant: "t0",
      });
      await world.in(1, () =>
        world.pool.query("insert into note (owner, body) values (?, 'after')", [own[1]]),
      );
    }
    expect(await count(own[1]!, "after")).toBe(2);
  });

  it("leaves no lock, variable, setting, temporary table or locked table behind", async () => {
    const variables =
      "select @secret as v, @@sql_mode as m, is_free_lock('held') as f, @@character_set_client as cs, " +
      "@@character_set_results as rs, @@collation_connection as co, @@autocommit as a";
    // Older servers call it otherwise.
    const isolation =
      "show session variables where variable_name in ('tx_isolation', 'transaction_isolation')";
    const state = (): Promise<unknown> =>
      world.in(1, async () => [
        await world.pool.query(variables),
        await world.pool.query(isolation),
      ]);
    const before = await state();
    const traces = [
      "set @secret = 'acme'",
      "select 'acme' into @secret",
      "set session sql_mode = 'ANSI_QUOTES'",
      "set names latin1",
      "set character_set_results = null",
      "select get_lock('held', 0)",
      "create temporary table note (owner varchar(64), id int) select 'temporary' as owner, 1 as id",
      "lock tables note write",
      "set autocommit = 0",
      "set session transaction isolation level serializable",
    ];
    for (const how of ["query", "execute"] as const) {
      for (const text of traces) {
        const connection = await take(0);
        const { threadId } = connection;
        await connection[how](text);
        await connection.release();
        expect(await owners(1), text).toEqual([own[1]]);
        expect(await state(), text).toEqual(before);
        expect(await owners(0), text).toEqual([own[0]]);
        const next = await take(1);
        expect(next.threadId, text).toBe(threadId);
        await next.release();
        await world.admin.query(`insert into ${ticked(own[0]!)}.note (owner) values (?)`, [own[0]]);
      }
    }
  });

  it("isolates the next transaction of nobody else", async () => {
    const connection = await take(0);
    await connection.query("set transaction read only");
    await connection.release();
    await world.in(1, () =>
      world.pool.query("insert into note (owner, body) values (?, 'written')", [own[1]]),
    );
    expect(await count(own[1]!, "written")).toBe(1);
  });

  it("is closed, and not reset, where the application has prepared it", async () => {
    const prepared = [world.open({ sessionVariables: { sql_mode: "ANSI_QUOTES" } }), world.open()];
    (prepared[1]!.pool as unknown as { on(event: string, fn: () => void): void }).on(
      "connection",
      () => undefined,
    );
    for (const { pool } of prepared) {
      const connection = await world.in(0, () => pool.getConnection());
      const { threadId } = connection;
      await connection.query("set @secret = 1");
      await connection.release();
      const next = await world.in(1, () => pool.getConnection());
      expect(next.threadId).not.toBe(threadId);
      await next.release();
    }
  });

  it("keeps its user", async () => {
    const connection = await take(0);
    await expect(connection.changeUser({ user: "nobody" })).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    await connection.release();
  });

  it("is closed when it is destroyed", async () => {
    const first = await take(0);
    const { threadId } = first;
    first.destroy();
    await expect(first.query("select 1")).rejects.toMatchObject({ code: "LEASE_ENDED" });
    const second = await take(1);
    expect(second.threadId).not.toBe(threadId);
    expect((await second.query<Note[]>(OWNERS))[0]?.owner).toBe(own[1]);
    await second.release();
  });

  it("is closed with what runs on it, also when the server ends it at the same time", async () => {
    const unhandled: unknown[] = [];
    const hear = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", hear);
    try {
      for (const isKilled of [false, true, true, true]) {
        const connection = await take(0);
        const { threadId } = connection;
        const running = connection.query("select sleep(5)");
        await untilRunning(threadId);
        const killed = isKilled ? world.admin.query(`kill ${threadId}`) : undefined;
        connection.destroy();
        await expect(running).rejects.toMatchObject({ fatal: true });
        await killed?.catch(() => undefined);
        expect(await owners(1)).toEqual([own[1]]);
        await expect.poll(() => isThere(threadId)).toBe(false);
      }
    } finally {
      process.off("unhandledRejection", hear);
    }
    expect(unhandled).toEqual([]);
  });

  it("can be reset by its holder, and stays in its scope", async () => {
    const connection = await take(0);
    for (const _ of [1, 2, 3]) await connection.execute(OWNERS);
    await connection.query("set @secret = 1");
    await connection.reset();
    expect(await connection.query("select @secret as s")).toMatchObject([{ s: null }]);
    expect((await connection.execute<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
    await connection.release();
    expect(await owners(1)).toEqual([own[1]]);
  });

  it("disposes of itself", async () => {
    {
      await using connection = await take(0);
      expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
    }
    expect(await owners(1)).toEqual([own[1]]);
  });

  it("lets nobody read what another tenant's statement has left in the session", async () => {
    await world.in(0, () => world.pool.query("insert into note (owner) values (?)", [own[0]]));
    for (const text of [
      "select last_insert_id() as n",
      "show warnings",
      "select row_count() as n",
    ]) {
      await expect(world.in(1, () => world.pool.query(text))).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
    }
    const connection = await take(1);
    await expect(connection.query("select last_insert_id() as n")).rejects.toMatchObject({
      code: "INVALID_QUERY",
    });
    await connection.query("insert into note (owner) values (?)", [own[1]]);
    const [row] = await connection.query<{ n: bigint }[]>("select last_insert_id() as n");
    expect(Number(row?.n)).toBeGreaterThan(2);
    await connection.release();
  });
});
