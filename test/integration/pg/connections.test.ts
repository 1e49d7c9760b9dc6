import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriverHost } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { pg as pgDriver } from "../../../src/drivers/pg/index.ts";
import { GLOBAL_SCOPE } from "../../../src/core/scope.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { createPgWorld, type PgWorld } from "../../support/pg-world.ts";

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

const HOST: DriverHost = {
  currentScope: () => undefined,
  globalSchema: "public",
  logger: SILENT_LOGGER,
  onSchemaMissing: () => undefined,
  sharedSchemas: [],
};

const owners = "select distinct owner from note where owner like 'tenant%'";

function take(): Promise<pg.PoolClient> {
  return world.in(0, () => world.pool.connect());
}

/** Whether the only connection is there for the next tenant; never answers when it is lost. */
async function isUsable(): Promise<boolean> {
  const { rows } = await world.in(1, () => world.pool.query<{ owner: string }>(owners));
  return rows.length === 1 && rows[0]?.owner === "tenant_b";
}

/** Speaks to the server as one does whose messages are in German. */
class TranslatedClient extends pg.Client {
  constructor(config: pg.ClientConfig) {
    super(config);
    const wire = this.connection as unknown as NodeJS.EventEmitter;
    wire.prependListener("errorMessage", (error: { severity: string }) => {
      if (error.severity === "ERROR") error.severity = "FEHLER";
    });
  }
}

describe("a driver whose connection is configured part by part", () => {
  it("connects with its password, as every kind of connection does", async () => {
    const url = new URL(database.url);
    const driver = pgDriver({
      database: url.pathname.slice(1),
      host: url.hostname,
      password: decodeURIComponent(url.password),
      port: Number(url.port),
      user: decodeURIComponent(url.username),
    });
    driver.attach(HOST);
    const one = "select 1 as one";
    expect((await driver.query(GLOBAL_SCOPE, one)).rows).toEqual([{ one: 1 }]);
    expect((await driver.poolFor(GLOBAL_SCOPE).query(one)).rows).toEqual([{ one: 1 }]);
    await driver.session({}, async (session) => {
      expect((await session.query(GLOBAL_SCOPE, one)).rows).toEqual([{ one: 1 }]);
    });
    let isConnected = false;
    await driver.subscribe("parts", {
      onMessage: () => undefined,
      onStatus: (connected) => (isConnected = connected),
    });
    expect(isConnected).toBe(true);
    await driver.close();
  });
});

describe("a server whose messages are translated", () => {
  it("is understood as any other", async () => {
    const options = { Client: TranslatedClient, max: 1 } as object;
    const translated = await createPgWorld(database.url, ["tenant_t"], options);
    const ask = (text: string, values?: unknown[]): Promise<pg.QueryResult> =>
      translated.in(0, () => translated.pool.query(text, values));
    const text = "select * from note where $1::int = 1";
    for (let round = 0; round < 3; round += 1) await ask(text, [1]);
    await translated.admin.query("alter table tenant_t.note add column later int");
    await ask(text, [1]);
    await ask("vacuum note");
    await expect(ask("select 1; select 2")).rejects.toMatchObject({ code: "MULTIPLE_STATEMENTS" });
    await expect(ask("select nonsense")).rejects.toMatchObject({ severity: "FEHLER" });
    expect(translated.pool.totalCount).toBe(1);
    await translated.close();
  });
});

describe("a connection is never lost", () => {
  it("to a callback that throws", async () => {
    const errors: unknown[] = [];
    process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
    const thrower = (): never => {
      throw new Error("thrown by a callback");
    };
    await world.in(0, async () => world.pool.query("select nonsense", thrower));
    await expect.poll(() => errors).toHaveLength(1);
    process.setUncaughtExceptionCaptureCallback(null);
    expect(await isUsable()).toBe(true);
  });

  it("to a query that fails while it fetches page by page", async () => {
    const config = { rows: 2, text: "select nonsense" } as pg.QueryConfig;
    const client = await take();
    await expect(client.query(config)).rejects.toThrow("nonsense");
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    const foreign = client.query(new pg.Query(config));
    await once(foreign, "error");
    client.release();
    expect(await isUsable()).toBe(true);
    const all = { rows: 2, text: "select generate_series(1, 7)" } as pg.QueryConfig;
    expect((await world.in(0, () => world.pool.query(all))).rows).toHaveLength(7);
  });

  it("to a type parser that throws what looks like an error of the server", async () => {
    const parse = (): never => {
      throw Object.assign(new Error("cannot be read"), { severity: "ERROR" });
    };
    const types = { getTypeParser: () => parse } as unknown as pg.CustomTypesConfig;
    const query = world.in(0, () => world.pool.query({ text: "select 1", types }));
    await expect(query).rejects.toThrow("cannot be read");
    expect(await isUsable()).toBe(true);
  });

  it("to a function that deallocates every statement", async () => {
    await world.admin.query(
      "create function tenant_a.forget() returns void language plpgsql as 'begin deallocate all; end'",
    );
    await world.in(0, () => world.pool.query("select forget()"));
    await world.in(1, () => world.pool.query(owners)).catch(() => undefined);
    expect(await isUsable()).toBe(true);
  });

  it("to a failed transaction of a foreign query, released at once", async () => {
    const client = await take();
    const query = client.query(new pg.Query("begin; select nonsense"));
    await new Promise<void>((resolve) => {
      query.on("error", () => {
        client.release();
        resolve();
      });
    });
    expect(await isUsable()).toBe(true);
  });
});

describe("an answer always comes, and once", () => {
  it("to who waits for a connection when the pool is ended", async () => {
    const small = await createPgWorld(database.url, [], { max: 1 });
    const ask = (): Promise<unknown> =>
      small.driver.query({ kind: "global" }, "select pg_sleep(0.1)");
    const running = ask();
    const waiting = ask();
    const ended = small.pool.end();
    await expect(waiting).rejects.toMatchObject({ code: "TENANCY_CLOSED" });
    await running;
    await ended;
    await small.close();
  });

  it("to a foreign query whose values cannot be sent", async () => {
    const client = await take();
    const value = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    const query = new pg.Query({ text: "select $1::jsonb", values: [value] });
    const messages: string[] = [];
    query.on("error", ({ message }) => messages.push(message));
    client.query(query);
    await once(query, "end");
    client.release();
    expect(messages).toEqual(["no"]);
    expect(await isUsable()).toBe(true);
  });

  it("to the callback beside a query that comes too late", async () => {
    const client = await take();
    client.release();
    const submit = client.query.bind(client) as (query: pg.Query, callback: unknown) => unknown;
    const error = await new Promise((resolve) => submit(new pg.Query("select 1"), resolve));
    expect(error).toMatchObject({ code: "LEASE_ENDED" });
  });

  it("without running again what was committed before it failed", async () => {
    const text = "insert into note (owner) values ('once'); commit; vacuum note";
    const config = { queryMode: "simple", text } as pg.QueryConfig;
    await expect(world.in(0, () => world.pool.query(config))).rejects.toMatchObject({
      code: "25001",
    });
    const { rowCount } = await world.admin.query("select from tenant_a.note where owner = 'once'");
    expect(rowCount).toBe(1);
  });

  it("to whoever waits for a server that accepts and says nothing", async () => {
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const url = `postgres://nobody@127.0.0.1:${port}/none`;
    const deaf = await createPgWorld(url, [], { adminUrl: database.url });
    const unavailable = { code: "DATABASE_UNAVAILABLE" };
    await Promise.all([
      expect(deaf.driver.query(GLOBAL_SCOPE, "select 1")).rejects.toMatchObject(unavailable),
      expect(deaf.driver.session({}, async () => 1)).rejects.toMatchObject(unavailable),
    ]);
    await deaf.close();
    silent.close();
  });

  it("to who closes a driver that listens to a server which has gone silent", async () => {
    const silent = createServer();
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const url = `postgres://nobody@127.0.0.1:${port}/none`;
    const deaf = await createPgWorld(url, [], { adminUrl: database.url });
    const started = deaf.driver.subscribe("x", {
      onMessage: () => undefined,
      onStatus: () => undefined,
    });
    await once(silent, "connection");
    await deaf.close();
    expect(await started).toBeTypeOf("function");
    silent.close();
  });
});
