import pg from "pg";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createPgWorld, type PgWorld } from "../support/pg-world.ts";

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

/** What the second tenant reads on the only connection. */
async function seen(text: string): Promise<unknown> {
  const { rows } = await world.in(1, () => world.pool.query<{ v: unknown }>(text));
  return rows[0]?.v;
}

const role = "select current_user = session_user as v";
const memory = "select current_setting('work_mem') as v";

describe("what a text leaves in the session is removed, wherever in the text it is", () => {
  it.each([
    ["in a block", "do $$ begin set role pg_monitor; end $$", role, true],
    ["after a comment", "select 1; -- as usual\n set role pg_monitor", role, true],
    ["after another comment", "select 1; /* as usual */ set role pg_monitor", role, true],
    ["after a comment in a comment", "/* /* */ */ set role pg_monitor", role, true],
    ["after a long comment", `select 1; /*${"x".repeat(300)}*/ set role pg_monitor`, role, true],
    ["after a comment's carriage return", "-- so\rset role pg_monitor", role, true],
    [
      "in a block, after comments",
      "do $$ begin /* /* */ */ set role pg_monitor; end $$",
      role,
      true,
    ],
    ["a quoted function", `select "set_config"('work_mem', '5MB', false)`, memory, "4MB"],
    ["a view", "update pg_settings set setting = '5MB' where name = 'work_mem'", memory, "4MB"],
  ])("%s", async (_where, text, look, clean) => {
    const config = { queryMode: "simple", text } as pg.QueryConfig;
    await world.in(0, () => world.pool.query(config));
    expect(await seen(look)).toBe(clean);
  });
});

describe("what is submitted as an object of its own leaves nothing", () => {
  const set = "select set_config('work_mem', '5MB', false)";

  it.each([
    ["a query", (client: pg.PoolClient) => finish(client.query(new pg.Query(set)))],
    [
      "a cursor",
      async (client: pg.PoolClient) => {
        const cursor = client.query(new Cursor(set));
        await cursor.read(2);
        await cursor.close();
      },
    ],
    ["a stream", async (client: pg.PoolClient) => client.query(new QueryStream(set)).toArray()],
  ])("%s", async (_what, use) => {
    const client = await world.in(0, () => world.pool.connect());
    await use(client);
    client.release();
    expect(await seen(memory)).toBe("4MB");
  });

  it("and ends a transaction as any other query does", async () => {
    const client = await world.in(0, () => world.pool.connect());
    await client.query("begin");
    await client.query("select 1");
    await finish(client.query(new pg.Query("commit and chain")));
    const { rows } = await client.query("select distinct owner from note");
    await client.query("rollback");
    client.release();
    expect(rows).toEqual([{ owner: "tenant_a" }]);
  });
});

describe("the last number of a session", () => {
  const text = "select lastval()";
  const refused = {
    code: "INVALID_QUERY",
    message: expect.stringContaining("returning") as string,
  };

  it("is not told, as it may be another tenant's", async () => {
    await world.in(0, () => world.pool.query("insert into note (owner) values ('tenant_a')"));
    await expect(world.in(1, () => world.pool.query(text))).rejects.toMatchObject(refused);
    const client = await world.in(1, () => world.pool.connect());
    await expect(client.query(text)).rejects.toMatchObject(refused);
    await expect(client.query(new Cursor(text)).read(1)).rejects.toMatchObject(refused);
    const { rows } = await client.query(
      "insert into note (owner) values ('tenant_b') returning currval('note_id_seq') = id as same",
    );
    client.release();
    expect(rows).toEqual([{ same: true }]);
  });

  it("is told where the session is one tenant's alone", async () => {
    const scope = { kind: "tenant", tenant: world.tenants[0]! } as const;
    await world.driver.session({}, (session) =>
      session.transaction(scope, async (tx) => {
        await tx.query("insert into note (owner) values ('tenant_a')");
        expect((await tx.query("select lastval() > 0 as known")).rows).toEqual([{ known: true }]);
      }),
    );
  });
});

describe("what the application did to a new connection", () => {
  const hook = (client: pg.ClientBase): Promise<unknown> => client.query("set role pg_monitor");
  const ways: [string, object, (pool: pg.Pool) => unknown][] = [
    ["an option", { onConnect: hook }, () => undefined],
    ["a listener", {}, (pool) => pool.on("connect", (client) => void hook(client))],
  ];

  it.each(ways)("is not undone for the next tenant: by %s", async (_way, options, prepare) => {
    await world.admin.query("grant usage on schema tenant_b to pg_monitor");
    const hooked = await createPgWorld(database.url, [], { max: 1, ...options });
    prepare(hooked.pool);
    const scopes = world.tenants.map((tenant) => ({ kind: "tenant", tenant }) as const);
    await hooked.driver.query(scopes[0]!, "set work_mem = '5MB'");
    const text = "select current_user as role, current_setting('work_mem') as memory";
    const { rows } = await hooked.driver.query(scopes[1]!, text);
    expect(rows).toEqual([{ memory: "4MB", role: "pg_monitor" }]);
    await hooked.close();
  });
});

/** Resolves at the end of a query that was submitted as an object. */
function finish(query: pg.Query): Promise<void> {
  return new Promise((resolve, reject) => {
    query.on("end", () => resolve());
    query.on("error", reject);
  });
}
