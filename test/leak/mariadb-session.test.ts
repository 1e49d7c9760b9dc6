import type { Connection, PoolConnection } from "mariadb";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeMysql } from "../support/database.ts";
import { createMariadbWorld, type MariadbWorld, ticked } from "../support/mariadb-world.ts";

interface Note {
  readonly owner: string;
}

const OWNERS = "select owner from note order by id";
/** More rows than the server sends at once. */
const MANY = `select n0.owner from ${Array.from({ length: 18 }, (_, at) => `note n${at}`).join(", ")}`;
const INSERT = "insert into note (owner) values ('stray')";

describeMysql("the session of a connection of `mariadb`", () => {
  let world: MariadbWorld;
  let own: readonly string[];

  beforeEach(async () => {
    world = await createMariadbWorld(["acme", "globex", "gone"], { connectionLimit: 1 });
    own = world.tenants.map(({ schemaName }) => schemaName);
    await world.admin.query(`drop database ${ticked(own[2]!)}`);
  });
  afterEach(() => world.close());

  const owners = async (tenant: number): Promise<string[]> => {
    const rows = await world.in(tenant, () => world.pool.query<Note[]>(OWNERS));
    return [...new Set(rows.map(({ owner }) => owner))];
  };
  const strays = async (): Promise<number> => {
    const counts = own
      .slice(0, 2)
      .map((schema) => `(select count(*) from ${ticked(schema)}.note where owner = 'stray')`);
    const [rows] = await world.admin.query(`select ${counts.join(" + ")} as n`);
    return Number((rows as { n: unknown }[])[0]?.n);
  };
  const listen = (pool: unknown): Promise<Connection> =>
    new Promise((resolve) => {
      (pool as { once(event: string, fn: (it: Connection) => void): void }).once(
        "connection",
        resolve,
      );
    });

  it("does not run a query whose scope cannot be entered", async () => {
    for (const how of ["query", "execute", "query", "execute"] as const) {
      expect(await owners(1)).toEqual([own[1]]);
      await expect(world.in(2, () => world.pool[how](INSERT))).rejects.toMatchObject({
        code: "SCHEMA_NOT_FOUND",
        tenant: "t2",
      });
    }
    await expect(
      world.in(2, () => world.pool.batch(`${INSERT}, (?)`, [["x"]])),
    ).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(await strays()).toBe(0);
    expect(world.missing).toEqual(Array.from({ length: 5 }, () => own[2]));
  });

  it("is in no database that it was asked for in vain, however often", async () => {
    expect(await owners(1)).toEqual([own[1]]);
    for (const how of ["query", "query", "execute", "execute", "execute"] as const) {
      await expect(world.in(2, () => world.pool[how](INSERT))).rejects.toMatchObject({
        code: "SCHEMA_NOT_FOUND",
      });
    }
    expect(await strays()).toBe(0);
    expect(await owners(0)).toEqual([own[0]]);
  });

  it("runs none of the queries that are sent at once on a connection without its database", async () => {
    expect(await owners(1)).toEqual([own[1]]);
    const connection = await world.in(2, () => world.pool.getConnection());
    const answers = await Promise.allSettled([
      connection.query(INSERT),
      connection.query(INSERT),
      connection.execute(INSERT),
      connection.beginTransaction(),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 4 }, () => "rejected"),
    );
    await connection.release();
    expect(await strays()).toBe(0);
  });

  it("would run them, if two messages were sent at once: why there is one", async () => {
    const listening = listen(world.pool);
    expect(await owners(1)).toEqual([own[1]]);
    const raw = await listening;
    const [use, insert] = await Promise.allSettled([
      raw.query(`use ${ticked(own[2]!)}`),
      raw.query(INSERT),
    ]);
    expect([use.status, insert.status]).toEqual(["rejected", "fulfilled"]);
    expect(await strays()).toBe(1);
  });

  it("learns that the server has dropped the database that it is in", async () => {
    for (const how of ["query", "execute"] as const) {
      await world.admin.query(
        `create database ${ticked(own[2]!)}; create table ${ticked(own[2]!)}.note like ${ticked(own[1]!)}.note`,
      );
      for (const _ of [1, 2, 3]) await world.in(2, () => world.pool[how](OWNERS));
      await world.admin.query(`drop database ${ticked(own[2]!)}`);
      await expect(world.in(2, () => world.pool[how](OWNERS))).rejects.toMatchObject({
        code: "SCHEMA_NOT_FOUND",
      });
    }
  });

  it("is not believed to be where it was when something has moved it", async () => {
    const raw = listen(world.pool);
    expect(await owners(0)).toEqual([own[0]]);
    await (await raw).query(`use ${ticked(own[1]!)}`);
    expect(await owners(0)).toEqual([own[0]]);
    const moves = [
      `execute immediate 'use ${ticked(own[1]!)}'`,
      `set statement max_statement_time = 5 for execute immediate 'use ${ticked(own[1]!)}'`,
      `begin not atomic execute immediate 'use ${ticked(own[1]!)}'; end`,
      `prepare s from 'use ${ticked(own[1]!)}'`,
    ];
    for (const text of moves) {
      for (const how of ["query", "execute"] as const) {
        const connection = await world.in(0, () => world.pool.getConnection());
        await connection[how](text).catch(() => undefined);
        await connection.query("execute s").catch(() => undefined);
        expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
        expect((await connection.execute<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
        await connection.release();
        expect(await owners(0)).toEqual([own[0]]);
      }
    }
  });

  it("is left to the scope: `use` is refused", async () => {
    for (const text of [`use ${own[1]}`, `/* x */ USE ${own[1]}`]) {
      await expect(world.in(0, () => world.pool.query(text))).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
      await expect(world.in(0, () => world.pool.execute(text))).rejects.toMatchObject({
        code: "INVALID_QUERY",
      });
    }
  });

  it("begins without a database, whatever the options say", async () => {
    const driver = world.open({ database: own[1]! });
    const raw = listen(driver.pool);
    // The connection is told of in the moment in which it is there.
    const refused = raw.then((connection) => connection.query("select database() as d"));
    await world.in(0, () => driver.pool.query("select 1"));
    const fresh = await world.in(0, () => driver.pool.getConnection());
    expect(driver.defaultSchema).toBe(own[1]);
    await refused;
    await fresh.release();
    const other = world.open({ connectionLimit: 2, database: own[1]!, minimumIdle: 2 });
    const connections: Connection[] = [];
    (other.pool as unknown as { on(event: string, fn: (it: Connection) => void): void }).on(
      "connection",
      (it) => connections.push(it),
    );
    await world.in(0, () => other.pool.query("select 1"));
    await expect.poll(() => connections.length).toBe(2);
    const databases = await Promise.all(
      connections.map(
        async (it) => (await it.query<{ d: unknown }[]>("select database() as d"))[0]?.d,
      ),
    );
    expect(new Set(databases)).toEqual(new Set([own[0], null]));
  });

  it("has no scope of its own: what its socket calls is in nobody's", async () => {
    const seen: unknown[] = [];
    const driver = world.open({
      connectionLimit: 3,
      minimumIdle: 1,
      typeCast: (_column, next) => {
        seen.push(world.context.current());
        return next();
      },
    });
    // The first connection comes with the pool, the others when somebody needs them.
    const taken: PoolConnection[] = [];
    for (const tenant of [0, 1, 0]) {
      taken.push(await world.in(tenant, () => driver.pool.getConnection()));
      await taken.at(-1)!.query("select 1");
    }
    for (const connection of taken) await connection.release();
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it("is not believed to be where it was after a stream, though the server says nothing", async () => {
    const connection = await world.in(0, () => world.pool.getConnection());
    await connection.query("set session_track_schema = 0");
    const move = `begin not atomic execute immediate 'use ${ticked(own[1]!)}'; end`;
    const statement = await connection.prepare(move);
    for (const open of [() => connection.queryStream(move), () => statement.executeStream()]) {
      expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
      await open().toArray();
      expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
    }
    await connection.release();
    expect(await owners(0)).toEqual([own[0]]);
  });

  it("streams rows, and calls whoever listens in the scope of the query", async () => {
    for (const tenant of [0, 1]) {
      const connection = await world.in(tenant, () => world.pool.getConnection());
      const seen: unknown[] = [];
      await world.in(tenant, async () => {
        const stream = connection.queryStream(OWNERS);
        stream.on("fields", (columns: unknown[]) => seen.push(columns.length));
        await new Promise((resolve, reject) => {
          stream.on("data", (row: Note) => {
            const scope = world.context.current();
            seen.push([row.owner, scope?.kind === "tenant" && scope.tenant.schemaName]);
          });
          stream.on("end", resolve).on("error", reject);
        });
      });
      const row = [own[tenant], own[tenant]];
      expect(seen).toEqual([1, row, row]);
      expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[tenant]);
      await connection.release();
    }
  });

  it("streams nothing of a database that is gone, and nothing else", async () => {
    expect(await owners(1)).toEqual([own[1]]);
    const connection = await world.in(2, () => world.pool.getConnection());
    const rows: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const row of connection.queryStream(OWNERS)) rows.push(row);
    };
    await expect(read()).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(rows).toEqual([]);
    await connection.release();
    expect(await owners(0)).toEqual([own[0]]);
  });

  it("is not given on while a stream of its last holder reads", async () => {
    const connection = await world.in(0, () => world.pool.getConnection());
    const { threadId } = connection;
    const stream = connection.queryStream(MANY);
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.once("data", resolve));
    stream.pause();
    await connection.release();
    expect(await owners(1)).toEqual([own[1]]);
    const next = await world.in(1, () => world.pool.getConnection());
    expect(next.threadId).not.toBe(threadId);
    await next.release();
  });

  it("ends a stream that nobody has read to its end, and tells its reader", async () => {
    const connection = await world.in(0, () => world.pool.getConnection());
    const silent = connection.queryStream(MANY);
    const told = connection
      .queryStream(MANY)
      .toArray()
      .catch((error: unknown) => error);
    await new Promise((resolve) => silent.once("data", resolve));
    silent.pause();
    await connection.release();
    expect(await told).toMatchObject({ code: "LEASE_ENDED" });
    expect(silent.destroyed).toBe(true);
    expect(await strays()).toBe(0);
    expect(await owners(1)).toEqual([own[1]]);
  });

  it("goes on when a reader has had enough of a stream", async () => {
    const connection = await world.in(0, () => world.pool.getConnection());
    for await (const row of connection.queryStream(MANY)) {
      expect((row as Note).owner).toBe(own[0]);
      break;
    }
    expect((await connection.query<Note[]>(OWNERS))[0]?.owner).toBe(own[0]);
    await connection.release();
    expect(await owners(1)).toEqual([own[1]]);
  });

  it("is replaced when it was killed", async () => {
    const threads: unknown[] = [];
    for (const tenant of [0, 1]) {
      const connection: PoolConnection = await world.in(tenant, () => world.pool.getConnection());
      threads.push(connection.threadId);
      await connection.beginTransaction();
      await world.admin.query(`kill ${connection.threadId}`);
      await expect(connection.query(INSERT)).rejects.toMatchObject({ fatal: true });
      expect(connection.isValid()).toBe(false);
      await connection.release();
      expect(await owners(1 - tenant)).toEqual([own[1 - tenant]]);
    }
    expect(new Set(threads).size).toBe(2);
    expect(await strays()).toBe(0);
  });
});
