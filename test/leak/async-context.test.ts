import { once } from "node:events";
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
  // The first tenant's request is the one that opens the connection.
  await world.in(0, () => world.pool.query("select 1"));
});
afterAll(async () => {
  await world.close();
  await database.drop();
});

/** The schema of the ambient scope, where this is called. */
function here(): string {
  const scope = world.context.current();
  return scope?.kind === "tenant" ? scope.tenant.schemaName : "none";
}

/** Takes a client in the second tenant's scope, and collects the scopes that `use` saw. */
async function seenBy(
  use: (client: pg.PoolClient, see: () => void) => Promise<unknown>,
): Promise<string[]> {
  return await world.in(1, async () => {
    const client = await world.pool.connect();
    const seen = new Set<string>();
    try {
      await use(client, () => seen.add(here()));
    } finally {
      client.release();
    }
    return [...seen];
  });
}

describe("what a client calls back runs in the scope of the caller, not of who opened the connection", () => {
  it.each(["select 1", "select nonsense"])("the callback of a query: %s", async (text) => {
    const seen = await seenBy(
      (client, see) =>
        new Promise<void>((resolve) => {
          client.query(text, () => {
            see();
            resolve();
          });
        }),
    );
    expect(seen).toEqual(["tenant_b"]);
  });

  it("the callback and the events of a foreign query", async () => {
    const seen = await seenBy(async (client, see) => {
      const query = client.query(new pg.Query("select owner from note"));
      query.on("row", see);
      query.on("end", see);
      await once(query, "end");
      await new Promise<void>((resolve) => {
        const config = {
          callback: () => {
            see();
            resolve();
          },
          text: "select 1",
        };
        client.query(new pg.Query(config));
      });
    });
    expect(seen).toEqual(["tenant_b"]);
  });

  it("the callback of a cursor", async () => {
    const seen = await seenBy(async (client, see) => {
      const cursor = client.query(new Cursor("select generate_series(1, 5)"));
      for (const count of [2, 10]) {
        await new Promise<void>((resolve) => {
          cursor.read(count, () => {
            see();
            resolve();
          });
        });
      }
    });
    expect(seen).toEqual(["tenant_b"]);
  });

  it("the events of a stream", async () => {
    const seen = await seenBy(async (client, see) => {
      const stream = client.query(new QueryStream("select generate_series(1, 500)"));
      stream.on("data", see);
      stream.on("end", see);
      await once(stream, "end");
    });
    expect(seen).toEqual(["tenant_b"]);
  });
});

describe("what belongs to the connection", () => {
  it("tells a listener of one client nothing of the next one's notices", async () => {
    const heard: string[] = [];
    const say = (client: pg.PoolClient, text: string): Promise<unknown> =>
      client.query(`do $$ begin raise notice '${text}'; end $$`);
    await seenBy(async (client) => {
      client.on("notice", ({ message }) => heard.push(message ?? ""));
      await say(client, "own");
    });
    await seenBy((client) => say(client, "of another"));
    expect(heard).toEqual(["own"]);
  });

  it("is called in no scope, and so cannot query", async () => {
    const seen = await seenBy(async (client, see) => {
      client.once("notice", see);
      await client.query("do $$ begin raise notice 'heard'; end $$");
    });
    expect(seen).toEqual(["none"]);
  });

  it("runs the application's own hooks in no scope", async () => {
    const seen: string[] = [];
    const onConnect = async (): Promise<void> => {
      await Promise.resolve();
      seen.push(here());
    };
    const options: object = { onConnect };
    const hooked = await createPgWorld(database.url, [], options);
    hooked.pool.on("connect", () => seen.push(here()));
    await world.in(0, () => hooked.driver.query({ kind: "global" }, "select 1"));
    await hooked.close();
    expect(seen).toEqual(["none", "none"]);
  });
});
