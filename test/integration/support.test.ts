import { createServer, connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { startLatencyProxy } from "../support/latency-proxy.ts";
import { startPgBouncer } from "../support/pgbouncer.ts";

describe("createTestDatabase", () => {
  it("creates an empty database and drops it with its connections", async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.url });
    const disconnected = new Promise<void>((resolve) => client.on("error", () => resolve()));
    await client.connect();
    const { rows } = await client.query("select current_database() as name");
    expect(rows).toEqual([{ name: database.name }]);

    await database.drop();
    await disconnected;
    await database.drop();
    expect(await listDatabases()).not.toContain(database.name);
  });

  it("gives every caller a database of its own", async () => {
    const databases = await Promise.all([createTestDatabase(), createTestDatabase()]);
    expect(await listDatabases()).toEqual(
      expect.arrayContaining(databases.map((database) => database.name)),
    );
    await Promise.all(databases.map((database) => database.drop()));
  });
});

describe("startPgBouncer", () => {
  it("answers through one server connection for many clients", async ({ skip }) => {
    const database = await createTestDatabase();
    const bouncer = await startPgBouncer({ url: database.url, poolSize: 1 });
    if ("unavailable" in bouncer) {
      await database.drop();
      // Where everything has to run, a missing program is a failure.
      if (process.env["CI"] === "true") throw new Error(bouncer.unavailable);
      return skip(bouncer.unavailable);
    }
    const clients = [1, 2, 3].map(() => new pg.Client({ connectionString: bouncer.url }));
    await Promise.all(clients.map((client) => client.connect()));
    const answers = await Promise.all(
      clients.map((client) => client.query("select 1 as one, pg_backend_pid() as pid")),
    );
    expect(answers.map((answer) => answer.rows[0].one)).toEqual([1, 1, 1]);
    expect(new Set(answers.map((answer) => answer.rows[0].pid)).size).toBe(1);

    await Promise.all(clients.map((client) => client.end()));
    await bouncer.stop();
    await database.drop();
  }, 330_000);
});

describe("startLatencyProxy", () => {
  it("delays each direction and counts round trips", async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    const { port: targetPort } = echo.address() as AddressInfo;
    const proxy = await startLatencyProxy({ targetPort, delayMs: 20 });
    const socket = connect({ port: proxy.port, host: "127.0.0.1" });
    await once(socket, "connect");

    const startedAt = performance.now();
    for (let count = 0; count < 3; count += 1) {
      socket.write("ping");
      await once(socket, "data");
    }
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3 * 2 * 20);
    expect(proxy.counts()).toEqual({
      connections: 1,
      writesToServer: 3,
      writesToClient: 3,
      roundTrips: 3,
    });

    socket.destroy();
    await proxy.close();
    echo.close();
  });

  it("reaches the server through its Unix socket", async () => {
    const { socketDir, url } = inject("postgres");
    const { port, username, password } = new URL(url);
    if (socketDir === undefined) return;
    const targetSocket = `${socketDir}/.s.PGSQL.${port}`;
    const proxy = await startLatencyProxy({ targetSocket, delayMs: 1 });
    const client = new pg.Client({
      connectionString: `postgres://${username}:${password}@127.0.0.1:${proxy.port}/postgres`,
    });
    await client.connect();
    proxy.resetCounts();
    await client.query("select 1");
    await client.query("select $1::int", [1]);
    expect(proxy.counts().roundTrips).toBe(2);
    await client.end();
    await proxy.close();
  });
});

async function listDatabases(): Promise<string[]> {
  const client = new pg.Client({ connectionString: inject("postgres").url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>("select datname from pg_database");
  await client.end();
  return rows.map((row) => row.datname);
}
