import http from "node:http";
import type { AddressInfo } from "node:net";
import type * as SocketIo from "socket.io";
import type { Server, ServerOptions, Socket } from "socket.io";
import { io as connect, type Socket as Client } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import {
  type HandshakeOptions,
  tenantHandshake,
  tenantRooms,
} from "../../../src/integrations/http/socket-io/index.ts";
import { type PgTestPool, openTenancy } from "../http/support/open-tenancy.ts";
import { until } from "../http/support/client.ts";
import { describePeers } from "../../support/peers.ts";

describePeers("sockets", "socket.io", (peers) => {
  let tenancy: Tenancy<PgTestPool>;
  let drop: () => Promise<void>;
  let close: () => Promise<void>;
  let io: Server;
  let port = 0;
  const clients: Client[] = [];

  beforeAll(async () => {
    ({ drop, tenancy } = await openTenancy());
    for (const slug of ["acme", "globex"]) await tenancy.create(slug);
    for (const slug of ["acme", "globex"]) {
      const insert = "insert into note (body) select $1 || n from generate_series(1, 3) n";
      await tenancy.withTenant(slug, () => tenancy.pool.query(insert, [`${slug} `]));
    }
  });
  afterAll(async () => {
    await tenancy.close();
    await drop();
  });

  /** Starts a server inside of a scope, which no socket may be served in. */
  async function start(
    handshake: HandshakeOptions<Socket> = {},
    options: Partial<ServerOptions> = {},
  ): Promise<void> {
    const { Server } = await peers.load<typeof SocketIo>("socket.io");
    const server = http.createServer();
    await tenancy.withTenant("globex", async () => {
      io = new Server(server, options);
      io.use(tenantHandshake(tenancy, { trustProxy: true, ...handshake }));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    port = (server.address() as AddressInfo).port;
    close = async () => {
      for (const client of clients.splice(0)) client.disconnect();
      await io.close();
    };
  }
  afterEach(() => close());

  function open(host: string, options: { auth?: object } = {}): Client {
    // A client that polls overwrites the header with the host that it asks.
    const client = connect(`http://127.0.0.1:${port}`, {
      auth: options.auth ?? {},
      extraHeaders: { "x-forwarded-host": host },
      forceNew: true,
      reconnection: false,
      transports: clients.length % 2 === 0 ? ["websocket"] : ["polling", "websocket"],
    });
    clients.push(client);
    return client;
  }
  async function opened(slug: string): Promise<Client> {
    const client = open(`${slug}.example.com`);
    await new Promise<void>((resolve, reject) => {
      client.on("connect", resolve);
      client.on("connect_error", reject);
    });
    return client;
  }
  const refusal = (client: Client): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.on("connect", () => reject(new Error("It was let in.")));
      client.on("connect_error", (error) => resolve((error as { data?: unknown }).data));
    });
  const slug = (): string => tenancy.currentTenant()?.slug ?? "none";

  it("of two tenants read their own rows alone, all at once", async () => {
    await start();
    io.on("connection", (socket) => {
      const opened = slug();
      socket.on("notes", async (job: number, reply: (rows: unknown) => void) => {
        if (job % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        const { rows } = await tenancy.pool.query<{ body: string }>("select body from note");
        reply([opened, slug(), rows.map(({ body }) => body.split(" ")[0])]);
      });
    });
    const opening = Array.from({ length: 12 }, (_, n) => opened(n % 2 === 0 ? "acme" : "globex"));
    const sockets = await Promise.all(opening);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, job) => {
        const own = job % sockets.length;
        const answer: unknown = await sockets[own]!.emitWithAck("notes", job);
        return { answer, slug: own % 2 === 0 ? "acme" : "globex" };
      }),
    );
    const wrong = answers.filter(
      ({ answer, slug }) =>
        JSON.stringify(answer) !== JSON.stringify([slug, slug, [slug, slug, slug]]),
    );
    expect(wrong).toEqual([]);
  });

  it("hear everything in their tenant's scope, in the order in which it comes", async () => {
    await start();
    const heard: string[] = [];
    io.on("connection", (socket) => {
      socket.onAny((name: string) => heard.push(`any ${name} ${slug()}`));
      socket.use((_, next) => {
        heard.push(`use ${slug()}`);
        next();
      });
      for (const name of ["one", "two"]) socket.on(name, () => heard.push(`${name} ${slug()}`));
      socket.on("fail", () => {
        throw new Error("never reached");
      });
      socket.emit("ask", (answer: string) => heard.push(`${answer} ${slug()}`));
      socket.on("disconnecting", () => heard.push(`disconnecting ${slug()}`));
      socket.on("disconnect", () => heard.push(`disconnect ${slug()}`));
    });
    const client = open("acme.example.com");
    client.on("ask", (reply: (text: string) => void) => reply("answer"));
    await until(() => heard.includes("answer acme"));
    heard.length = 0;
    client.emit("one");
    client.emit("two");
    await until(() => heard.length === 6);
    const inOrder = [
      "any one acme",
      "use acme",
      "one acme",
      "any two acme",
      "use acme",
      "two acme",
    ];
    expect(heard.toSorted()).toEqual(inOrder.toSorted());
    expect(heard.indexOf("one acme")).toBeLessThan(heard.indexOf("two acme"));
    client.disconnect();
    await until(() => heard.includes("disconnect acme"));
    expect(heard).toContain("disconnecting acme");
  });

  it("are refused where there is no tenant, or none that is served", async () => {
    await start();
    await tenancy.create("sleepy", { ifExists: "keep" });
    await tenancy.suspend("sleepy");
    const hosts = ["nobody.example.com", "sleepy.example.com", "bad host", "example.com"];
    const answers = await Promise.all(hosts.map((host) => refusal(open(host))));
    const codes = answers.map((answer) => (answer as { error: string } | undefined)?.error);
    expect(codes).toEqual([
      "unknown_tenant",
      "tenant_suspended",
      "invalid_request",
      "unknown_tenant",
    ]);
    await tenancy.drop("sleepy");
  });

  it("reach the sockets of their own tenant alone, whatever they do", async () => {
    await start();
    io.on("connection", (socket) => {
      void socket.join("lobby");
      socket.on("ids", (reply: (id: string) => void) => reply(socket.id));
      socket.on("to", (other: string) => {
        socket.to("lobby").emit("hello", `to ${slug()}`);
        socket.broadcast.emit("hello", `broadcast ${slug()}`);
        socket.local.emit("hello", `local ${slug()}`);
        socket.to([]).emit("hello", `to nobody ${slug()}`);
        socket.except("nowhere").compress(false).emit("hello", `except ${slug()}`);
        socket.to("nowhere").to(other).emit("hello", `private ${slug()}`);
        socket.in(other).emit("hello", `in ${slug()}`);
        socket
          .compress(true)
          .broadcast.to("lobby")
          .except("nowhere")
          .emit("hello", `chain ${slug()}`);
        tenantRooms(tenancy, io).to("lobby").emit("hello", `rooms ${slug()}`);
        tenantRooms(tenancy, io.of("/")).timeout(5).local.emit("hello", `all ${slug()}`);
      });
      socket.on("count", async (reply: (counts: unknown) => void) => {
        const all = await tenantRooms(tenancy, io).fetchSockets();
        const lobby = await socket.in("lobby").fetchSockets();
        tenantRooms(tenancy, io).socketsJoin("all");
        const joined = await tenantRooms(tenancy, io).to("all").fetchSockets();
        void socket.leave("lobby");
        const left = await tenantRooms(tenancy, io).to("lobby").fetchSockets();
        reply([all.length, lobby.length, joined.length, left.length]);
      });
    });
    const [one, two, other] = [await opened("acme"), await opened("acme"), await opened("globex")];
    const heard: unknown[] = [];
    const foreign: unknown[] = [];
    two.on("hello", (text: string) => heard.push(text));
    other.on("hello", (text: string) => foreign.push(text));
    one.emit("to", other.id);
    one.emit("to", two.id);
    await until(() => heard.filter((text) => text === "all acme").length === 2);
    const counted = new Map<unknown, number>();
    for (const text of heard) counted.set(text, (counted.get(text) ?? 0) + 1);
    const twice = ["to", "broadcast", "local", "to nobody", "except", "chain", "rooms", "all"];
    const expected = [
      ...twice.map((kind) => [`${kind} acme`, 2]),
      ["private acme", 1],
      ["in acme", 1],
    ];
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
    expect(await one.emitWithAck("count")).toEqual([2, 1, 2, 1]);
    expect(await other.emitWithAck("count")).toEqual([1, 0, 1, 0]);
    expect(foreign).toEqual([]);
    expect(() => tenantRooms(tenancy, io)).toThrow(/TENANT_REQUIRED/);
  });

  it("join whatever room a client names, as without tenants", async () => {
    await start();
    io.on("connection", (socket) => {
      socket.on("join", async (room: string, reply: (size: number) => void) => {
        void socket.join(room);
        reply((await tenantRooms(tenancy, io).in(room).fetchSockets()).length);
      });
    });
    const [one, other] = [await opened("acme"), await opened("globex")];
    const rooms = ["", ":", "a:b", "\ud800", "x".repeat(5000), 7, null, { toString: 1 }, [], ["a"]];
    for (const room of rooms) {
      const counts = [await one.emitWithAck("join", room), await other.emitWithAck("join", room)];
      expect(counts, JSON.stringify(room)).toEqual([1, 1]);
    }
  });

  it("are disconnected when their tenant is suspended or gone, and follow it when it is renamed", async () => {
    await start();
    await tenancy.create("moving");
    io.on("connection", (socket) => {
      socket.on("where", async (reply: (where: unknown) => void) => {
        const { rows } = await tenancy.query("select current_schema() as schema");
        reply([slug(), rows]);
      });
    });
    const client = await opened("moving");
    await tenancy.rename("moving", { schemaName: true, slug: "moved" });
    await tenancy.create("moving");
    const where: unknown = await client.emitWithAck("where");
    expect(where).toEqual(["moved", [{ schema: "tenant_moved" }]]);
    const reasons: string[] = [];
    client.on("disconnect", (reason) => reasons.push(reason));
    await tenancy.suspend("moved");
    client.emit("where", () => reasons.push("answered"));
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(["io server disconnect"]);
    const second = await opened("moving");
    second.on("disconnect", (reason) => reasons.push(reason));
    await tenancy.drop("moving");
    second.emit("where", () => reasons.push("answered"));
    await until(() => reasons.length > 1);
    expect(reasons).toEqual(["io server disconnect", "io server disconnect"]);
    await tenancy.drop("moved");
  });

  it("may be named by the application, but not two tenants at once", async () => {
    const asked = new Set<string>();
    await start({
      tenant: (socket) => {
        asked.add(slug());
        return socket.handshake.auth["tenant"] as string | undefined;
      },
    });
    io.on("connection", (socket) => socket.emit("you", slug()));
    const you = (host: string, tenant?: unknown): Promise<unknown> => {
      const client = open(host, { auth: { tenant } });
      return Promise.race([
        refusal(client).catch(() => new Promise(() => undefined)),
        new Promise((resolve) => client.on("you", resolve)),
      ]);
    };
    const refused = (error: string): unknown => expect.objectContaining({ error });
    expect(await you("example.com", "acme")).toBe("acme");
    expect(await you("acme.example.com", "acme")).toBe("acme");
    expect(await you("acme.example.com")).toBe("acme");
    expect(await you("admin.example.com")).toBe("none");
    expect(await you("acme.example.com", "globex")).toEqual(refused("conflicting_tenants"));
    expect(await you("admin.example.com", "globex")).toEqual(refused("conflicting_tenants"));
    expect(await you("example.com", "nobody")).toEqual(refused("unknown_tenant"));
    expect(await you("example.com", "no/body")).toEqual(refused("invalid_request"));
    expect(await you("example.com", { id: 7 })).toEqual(refused("invalid_request"));
    expect(await you("example.com", null)).toEqual(refused("invalid_request"));
    expect(await you("example.com")).toEqual(refused("unknown_tenant"));
    // The server was started in the scope of a tenant, which is nobody's here.
    expect([...asked]).toEqual(["none"]);
  });

  it("of one connection may be of several tenants", async () => {
    await start({ tenant: (socket) => socket.handshake.auth["tenant"] as string });
    io.of("/other").use(
      tenantHandshake(tenancy, { tenant: (socket) => socket.handshake.auth["tenant"] as string }),
    );
    for (const path of ["/", "/other"]) {
      io.of(path).on("connection", (socket) => {
        socket.on("who", (reply: (slug: string) => void) => reply(slug()));
      });
    }
    const first = open("example.com", { auth: { tenant: "acme" } });
    const second = first.io.socket("/other", { auth: { tenant: "globex" } });
    second.connect();
    await until(() => first.connected && second.connected);
    expect(await Promise.all([first, second].map((client) => client.emitWithAck("who")))).toEqual([
      "acme",
      "globex",
    ]);
  });

  it("are not recovered, as that would give them rooms of others", async () => {
    await start({}, { connectionStateRecovery: {} });
    await expect(
      new Promise((resolve, reject) => {
        const client = open("acme.example.com");
        client.on("connect", () => resolve(undefined));
        client.on("connect_error", reject);
      }),
    ).rejects.toThrow(/connectionStateRecovery.*INVALID_CONFIG/);
  });
});

describe("a socket of something else", () => {
  it("is refused", async () => {
    const { drop, tenancy } = await openTenancy();
    const error = await new Promise<unknown>((resolve) => {
      tenantHandshake(tenancy)({ id: "1" } as never, (error) => resolve(error));
    });
    expect(error).toMatchObject({ code: "UNSUPPORTED_PEER" });
    await tenancy.close();
    await drop();
  });
});
