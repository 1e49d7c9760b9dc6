import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text as readText } from "node:stream/consumers";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createPgWorld, type PgWorld } from "../support/pg-world.ts";

let database: TestDatabase;
let world: PgWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createPgWorld(database.url, ["tenant_a", "tenant_b"], { max: 2 });
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

const owners = "select distinct owner from note";

function take(tenant: number): Promise<pg.PoolClient> {
  return world.in(tenant, () => world.pool.connect());
}

/** Opens every connection that the pool may have, so that a later one is certainly used again. */
async function ownersEverywhere(): Promise<unknown[]> {
  const rounds = await Promise.all(
    [0, 1, 0, 1].map((tenant) => world.in(tenant, () => world.pool.query(owners))),
  );
  return rounds.map(({ rows }) => rows);
}

/** Looks at the search path of every idle connection, as whatever escapes its scope would find it. */
async function pathsLeft(): Promise<Set<string>> {
  const clients = await Promise.all([take(0), take(0)]);
  const paths = await Promise.all(
    clients.map(async (client) => {
      const text = "begin; commit; show search_path";
      const results: unknown = await client.query({ queryMode: "simple", text } as pg.QueryConfig);
      const [, , { rows }] = results as [unknown, unknown, pg.QueryResult<{ search_path: string }>];
      return rows[0]?.search_path ?? "";
    }),
  );
  for (const client of clients) client.release();
  return new Set(paths);
}

/** Counts notes of the first tenant that are committed. */
async function countElsewhere(body: string): Promise<number> {
  const { rowCount } = await world.admin.query("select from tenant_a.note where body = $1", [body]);
  return rowCount ?? 0;
}

const rightOwners = [0, 1, 0, 1].map((tenant) => [
  { owner: tenant === 0 ? "tenant_a" : "tenant_b" },
]);

describe("a client of the pool", () => {
  it("keeps the scope in which it was taken, wherever it is used", async () => {
    const client = await take(0);
    const inB = await world.in(1, () => client.query(owners));
    const inNone = await client.query(owners);
    client.release();
    expect([inB.rows, inNone.rows]).toEqual([[{ owner: "tenant_a" }], [{ owner: "tenant_a" }]]);
  });

  it("is handed to a callback with its release, in the caller's context", async () => {
    const rows = await world.in(
      0,
      () =>
        new Promise((resolve, reject) => {
          world.pool.connect((error, client, release) => {
            if (!client) return reject(error ?? new Error("There is no client."));
            const current = world.context.current();
            client.query(owners, (failure, result) => {
              release();
              if (failure) reject(failure);
              else resolve([current?.kind, result.rows]);
            });
          });
        }),
    );
    expect(rows).toEqual(["tenant", [{ owner: "tenant_a" }]]);
  });

  it("runs transactions and savepoints in the scope, across partial rollbacks", async () => {
    const client = await take(0);
    await client.query("begin");
    await client.query("insert into note (owner) values ('lost')");
    await client.query("savepoint s");
    await expect(client.query("select nonsense")).rejects.toThrow("nonsense");
    await expect(client.query(owners)).rejects.toThrow("aborted");
    await client.query("rollback to savepoint s");
    const inside = await client.query(`${owners} order by 1`);
    await client.query("rollback");
    const after = await client.query(owners);
    client.release();
    expect(inside.rows).toEqual([{ owner: "lost" }, { owner: "tenant_a" }]);
    expect(after.rows).toEqual([{ owner: "tenant_a" }]);
  });

  it("commits", async () => {
    const client = await take(1);
    await client.query("BEGIN");
    await client.query("insert into note (owner, body) values ($1, $2)", ["tenant_b", "kept"]);
    await client.query("COMMIT");
    client.release();
    const { rows } = await world.admin.query("select owner from tenant_b.note where body = 'kept'");
    expect(rows).toEqual([{ owner: "tenant_b" }]);
  });

  it("enters the scope again in a chained transaction", async () => {
    const client = await take(0);
    await client.query("begin");
    await client.query("commit and chain");
    const { rows } = await client.query(owners);
    await client.query("rollback and chain");
    const again = await client.query(owners);
    await client.query("rollback");
    client.release();
    expect([rows, again.rows]).toEqual([[{ owner: "tenant_a" }], [{ owner: "tenant_a" }]]);
  });

  it("is closed when it is released in a transaction, open or failed", async () => {
    for (const text of ["insert into note (owner) values ('left open')", "select nonsense"]) {
      const client = await take(0);
      await client.query("begin");
      await client.query(text).catch(() => undefined);
      client.release();
      expect(await ownersEverywhere()).toEqual(rightOwners);
    }
    const simple = await take(0);
    const failing = simple.query({ queryMode: "simple", text: "begin; select nonsense" } as never);
    simple.release();
    await expect(failing).rejects.toThrow("nonsense");
    expect(await ownersEverywhere()).toEqual(rightOwners);
  });

  it("ignores a second release, and refuses work after the first", async () => {
    const client = await take(0);
    client.release();
    const next = await take(1);
    client.release();
    await expect(client.query(owners)).rejects.toMatchObject({ code: "LEASE_ENDED" });
    const cursor = new Cursor(owners);
    const failed = once(cursor, "error");
    client.query(cursor);
    expect((await failed)[0]).toMatchObject({ code: "LEASE_ENDED" });
    expect((await next.query(owners)).rows).toEqual([{ owner: "tenant_b" }]);
    next.release();
  });

  it("keeps properties that are set on it to itself", async () => {
    const client = (await take(0)) as pg.PoolClient & { mark?: string };
    client.mark = "mine";
    expect(client.mark).toBe("mine");
    client.release();
    const others = (await Promise.all([take(1), take(1)])) as (pg.PoolClient & { mark?: string })[];
    expect(others.map(({ mark }) => mark)).toEqual([undefined, undefined]);
    for (const other of others) other.release();
  });

  it("finishes queries that are in flight when it is released", async () => {
    const client = await take(0);
    const slow = client.query("select pg_sleep(0.05), (select min(owner) from note) as owner");
    client.release();
    expect((await slow).rows[0]).toMatchObject({ owner: "tenant_a" });
    expect(await ownersEverywhere()).toEqual(rightOwners);
  });
});

describe("cursors and streams", () => {
  it("reads a cursor in batches", async () => {
    const client = await take(0);
    const cursor = client.query(
      new Cursor<{ owner: string }>("select owner from note, generate_series(1, 5)"),
    );
    const first = await cursor.read(3);
    const second = await cursor.read(100);
    await cursor.close();
    const after = await client.query(owners);
    client.release();
    expect(new Set([...first, ...second].map(({ owner }) => owner))).toEqual(new Set(["tenant_a"]));
    expect(first.length + second.length).toBe(10);
    expect(after.rows).toEqual([{ owner: "tenant_a" }]);
  });

  it("closes the connection of a cursor that is left open", async () => {
    const client = await take(0);
    const cursor = client.query(new Cursor("select owner from note, generate_series(1, 500)"));
    await cursor.read(1);
    client.release();
    expect(await ownersEverywhere()).toEqual(rightOwners);
  });

  it("says which statement of a cursor is wrong, and lives on", async () => {
    const client = await take(0);
    const cursor = client.query(new Cursor("select nonsense"));
    await expect(cursor.read(1)).rejects.toThrow("nonsense");
    expect((await client.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    client.release();
  });

  it("reads a query stream to its end, and one that is destroyed halfway", async () => {
    const client = await take(1);
    const whole = client.query(new QueryStream("select owner from note, generate_series(1, 500)"));
    const seen = new Set<string>();
    for await (const row of whole) seen.add((row as { owner: string }).owner);
    const half = client.query(
      new QueryStream("select owner from note, generate_series(1, 5000)", [], { batchSize: 10 }),
    );
    for await (const row of half) {
      seen.add((row as { owner: string }).owner);
      break;
    }
    expect((await client.query(owners)).rows).toEqual([{ owner: "tenant_b" }]);
    client.release();
    expect([...seen]).toEqual(["tenant_b"]);
  });

  it("copies from and to the tenant's own table", async () => {
    const client = await take(0);
    const rows = Array.from({ length: 2_000 }, (_, row) => `${row + 1_000}\ttenant_a\tcopied\n`);
    await pipeline(
      Readable.from(rows),
      client.query(copyFrom("copy note (id, owner, body) from stdin")),
    );
    // It was committed at once, as it is without the toolkit.
    expect(await countElsewhere("copied")).toBe(2_000);
    const out = await readText(
      client.query(copyTo("copy (select owner from note where body = 'copied') to stdout")),
    );
    expect(out.split("\n")).toHaveLength(2_001);
    await client.query("begin");
    await client.query("delete from note where body = 'copied'");
    const inside = await readText(
      client.query(copyTo("copy (select distinct owner from note) to stdout")),
    );
    await client.query("commit");
    expect(inside).toBe("tenant_a\n");
    expect((await client.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    client.release();
    expect(await pathsLeft()).toEqual(new Set(['""']));
  });

  it("reports the errors of a copy, and lives on", async () => {
    const client = await take(0);
    await expect(readText(client.query(copyTo("copy nonsense to stdout")))).rejects.toThrow(
      "nonsense",
    );
    await expect(
      pipeline(Readable.from(["x\ty\n"]), client.query(copyFrom("copy note (id) from stdin"))),
    ).rejects.toThrow();
    const given = client.query(copyFrom("copy note (id, owner, body) from stdin"));
    given.write("5000\ttenant_a\tgiven up\n");
    given.destroy(new Error("the upload stopped"));
    await expect(once(given, "close")).rejects.toThrow("the upload stopped");
    expect((await client.query(owners)).rows).toEqual([{ owner: "tenant_a" }]);
    expect(await countElsewhere("given up")).toBe(0);
    client.release();
  });

  it("refuses all of them when the schema is gone", async () => {
    await world.admin.query("create schema tenant_gone");
    const gone = { ...world.tenants[0]!, schemaName: "tenant_gone", slug: "gone" };
    const client = await world.context.run({ kind: "tenant", tenant: gone }, () =>
      world.pool.connect(),
    );
    await world.admin.query("drop schema tenant_gone");
    const cursor = client.query(new Cursor("select 1"));
    await expect(cursor.read(1)).rejects.toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    await expect(readText(client.query(copyTo("copy (select 1) to stdout")))).rejects.toMatchObject(
      {
        code: "SCHEMA_NOT_FOUND",
      },
    );
    expect(world.missing).toEqual(["tenant_gone", "tenant_gone"]);
    client.release();
    expect(await ownersEverywhere()).toEqual(rightOwners);
  });

  it("runs a foreign pg.Query", async () => {
    const client = await take(0);
    const query = client.query(new pg.Query("select distinct owner from note"));
    const rows: unknown[] = [];
    query.on("row", (row) => rows.push(row));
    await once(query, "end");
    const change = client.query(new pg.Query("update note set body = 'by a foreign query'"));
    await once(change, "end");
    expect(await countElsewhere("by a foreign query")).toBeGreaterThan(0);
    const wrong = client.query(new pg.Query("select owner from nonsense"));
    const [error] = (await once(wrong, "error")) as unknown[];
    expect(error).toMatchObject({ code: "42P01", position: "19" });
    client.release();
    expect(rows).toEqual([{ owner: "tenant_a" }]);
  });
});

describe("what a session could carry to the next tenant", () => {
  const traces: [string, string, string, unknown][] = [
    ["a setting", "set statement_timeout = '77s'", "show statement_timeout", "0"],
    [
      "a search path",
      "set search_path = tenant_a, public",
      "show search_path",
      '"tenant_b", pg_temp',
    ],
    [
      "a search path set by a function",
      "select set_config('search_path', 'tenant_a', false)",
      "show search_path",
      '"tenant_b", pg_temp',
    ],
    ["a role", "set role pg_monitor", "select current_user = session_user as own", true],
    [
      "a temporary table",
      "create temp table secret as select 1",
      "select to_regclass('secret') as t",
      null,
    ],
    [
      "a lock",
      "select pg_advisory_lock(77)",
      "select count(*)::int from pg_locks where locktype = 'advisory' and objid = 77 and database = (select oid from pg_database where datname = current_database())",
      0,
    ],
    [
      "a prepared statement",
      "prepare mine as select 1",
      "select count(*)::int from pg_prepared_statements where name = 'mine'",
      0,
    ],
    [
      "a cursor",
      "begin; declare c cursor with hold for select 1; commit",
      "select count(*)::int from pg_cursors where name = 'c'",
      0,
    ],
  ];

  it.each(traces)("removes %s", async (_what, text, look, clean) => {
    const small = await createPgWorld(database.url, [], { max: 1 });
    const scopes = world.tenants.map((tenant) => ({ kind: "tenant", tenant }) as const);
    const ask = (at: number, config: unknown): Promise<pg.QueryResult> =>
      small.context.run(scopes[at], () =>
        small.pool.query(config as string),
      ) as Promise<pg.QueryResult>;
    await ask(0, { queryMode: "simple", text });
    const { rows } = await ask(1, look);
    expect(Object.values(rows[0] as object)).toEqual([clean]);
    expect((await ask(1, owners)).rows).toEqual([{ owner: "tenant_b" }]);
    await small.close();
  });
});

describe("lost connections", () => {
  it("survives a backend that is killed while idle, held or in a query", async () => {
    const kill = (pid: number): Promise<unknown> =>
      world.admin.query("select pg_terminate_backend($1)", [pid]);
    const pidOf = async (client: pg.PoolClient): Promise<number> => {
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      return rows[0]!.pid;
    };
    const idle = await take(0);
    const idlePid = await pidOf(idle);
    const before = world.pool.totalCount;
    idle.release();
    await kill(idlePid);
    await expect.poll(() => world.pool.totalCount).toBe(before - 1);
    const held = await take(0);
    const heldPid = await pidOf(held);
    const running = held.query("select pg_sleep(30)");
    const failure = running.catch((error: unknown) => error);
    await kill(heldPid);
    expect(await failure).toBeInstanceOf(Error);
    held.release();
    await expect.poll(ownersEverywhere).toEqual(rightOwners);
  });

  it("survives a query on the pool whose backend is killed", async () => {
    const running = world.in(0, () =>
      world.pool.query("select pg_terminate_backend(pg_backend_pid())"),
    );
    await expect(running).rejects.toThrow();
    expect(await ownersEverywhere()).toEqual(rightOwners);
  });
});
