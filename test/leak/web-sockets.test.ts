import http from "node:http";
import type { AddressInfo } from "node:net";
import type * as Ws from "ws";
import type { WebSocket, WebSocketServer } from "ws";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../src/core/tenancy.ts";
import { tenantWebSockets, withTenantUpgrade } from "../../src/integrations/http/node/index.ts";
import { until } from "../integration/http/support/client.ts";
import { type PgTestPool, openTenancy } from "../integration/http/support/open-tenancy.ts";
import { describePeers } from "../support/peers.ts";

const SLUGS = ["acme", "globex"];

describePeers("web sockets", "ws", (peers) => {
  let ws: typeof Ws;
  let tenancy: Tenancy<PgTestPool>;
  let drop: () => Promise<void>;
  let server: http.Server;
  let sockets: WebSocketServer;
  const clients: WebSocket[] = [];

  beforeAll(async () => {
    ws = await peers.load<typeof Ws>("ws");
    ({ drop, tenancy } = await openTenancy());
    for (const slug of SLUGS) await tenancy.create(slug);
    for (const slug of SLUGS) {
      const insert = "insert into note (body) select $1 || n from generate_series(1, 3) n";
      await tenancy.withTenant(slug, () => tenancy.pool.query(insert, [`${slug} `]));
    }
  });
  afterAll(async () => {
    await tenancy.close();
    await drop();
  });

  /** Starts a server whose sockets share one queue of messages to be unpacked. */
  async function start(makeListener: () => Parameters<http.Server["on"]>[1]): Promise<void> {
    const perMessageDeflate = { concurrencyLimit: 1, threshold: 0 };
    server = http.createServer();
    sockets = new ws.WebSocketServer({ noServer: true, perMessageDeflate });
    server.on("upgrade", makeListener());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
    sockets.close();
    server.close();
  });

  async function open(slug: string): Promise<WebSocket> {
    const { port } = server.address() as AddressInfo;
    const client = new ws.WebSocket(`ws://127.0.0.1:${port}`, {
      headers: { host: `${slug}.example.com` },
      perMessageDeflate: { threshold: 0 },
    });
    clients.push(client);
    await new Promise((resolve, reject) => {
      client.on("open", resolve);
      client.on("error", reject);
    });
    return client;
  }

  /** Answers each message with the scopes that it was heard in and sent in, and the rows. */
  function serve(): void {
    sockets.on("connection", (socket: WebSocket) => {
      const opened = slug();
      const answer = async (job: number): Promise<void> => {
        const heard = slug();
        const owners = await ownersOfNotes();
        const text = JSON.stringify({ heard, job, opened, owners });
        socket.send(text, () => sent.push([opened, slug()]));
      };
      socket.on("message", (data: Buffer) => void answer(Number(data.toString())));
    });
  }
  async function ownersOfNotes(): Promise<unknown[]> {
    try {
      const { rows } = await tenancy.pool.query<{ body: string }>("select body from note");
      return [...new Set(rows.map(({ body }) => body.split(" ")[0]))];
    } catch (error) {
      return [(error as { code?: string }).code];
    }
  }
  const sent: [string, string][] = [];
  const slug = (): string => tenancy.currentTenant()?.slug ?? "none";

  /** Sends many messages of two tenants at once, and returns the answers that are of a wrong one. */
  async function talk(jobs: number): Promise<unknown[]> {
    sent.length = 0;
    const opened = await Promise.all(Array.from({ length: 8 }, (_, n) => open(SLUGS[n % 2]!)));
    const answers: unknown[] = [];
    const wrong: unknown[] = [];
    for (const [n, client] of opened.entries()) {
      const own = SLUGS[n % 2]!;
      client.on("message", (data: Buffer) => {
        const { job, ...answer } = JSON.parse(data.toString()) as { job: number };
        answers.push(job);
        const isOwn =
          JSON.stringify(answer) === JSON.stringify({ heard: own, opened: own, owners: [own] });
        if (!isOwn) wrong.push(answer);
      });
    }
    for (let job = 0; job < jobs; job += 1) opened[job % opened.length]!.send(String(job));
    await until(() => answers.length === jobs && sent.length === jobs);
    return wrong;
  }

  it("hear their messages in their own scope, also when messages wait to be unpacked", async () => {
    await start(() => tenantWebSockets(tenancy, sockets));
    serve();
    expect(await talk(1000)).toEqual([]);
    expect(sent.filter(([own, heard]) => own !== heard)).toEqual([]);
  });

  it("would lose it with the connection alone in its scope", async () => {
    await start(() =>
      withTenantUpgrade(tenancy, (request, connection, head) => {
        sockets.handleUpgrade(request, connection, head, (socket) =>
          sockets.emit("connection", socket, request),
        );
      }),
    );
    serve();
    expect((await talk(1000)).length).toBeGreaterThan(0);
  });

  it("are closed when their tenant is no longer what it was", async () => {
    await start(() => tenantWebSockets(tenancy, sockets, { recheckMs: 0 }));
    serve();
    const codes: number[] = [];
    await tenancy.create("moving");
    await tenancy.create("sleepy");
    for (const [slug, change] of [
      ["moving", () => tenancy.rename("moving", { schemaName: true, slug: "moved" })],
      ["sleepy", () => tenancy.suspend("sleepy")],
    ] as const) {
      const client = await open(slug);
      client.on("close", (code: number) => codes.push(code));
      await change();
      client.send("1");
    }
    await until(() => codes.length === 2);
    expect(new Set(codes)).toEqual(new Set([1008, 1012]));
    await tenancy.drop("moved");
    await tenancy.drop("sleepy");
  });
});
