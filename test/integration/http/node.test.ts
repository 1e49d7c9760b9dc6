import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  requireTenant,
  tenantMiddleware,
  withTenant,
  withTenantUpgrade,
} from "../../../src/integrations/http/node/index.ts";
import type { RunningServer } from "./support/app.ts";
import { send, sendRaw, until } from "./support/client.ts";
import { listen } from "./support/listen.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let server: RunningServer | undefined;

beforeEach(() => {
  world = createWorld();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe("withTenant without a framework", () => {
  it("answers 500 without a word of the error when resolving fails, and logs it", async () => {
    server = await listen(http.createServer(withTenant(world.tenancy, () => undefined)));
    const answer = await send(server.port, "/", { host: "broken.example.com" });
    expect(answer).toMatchObject({
      body: '{"error":"internal_error","message":"Something went wrong."}',
      status: 500,
    });
    expect(world.log).toMatchObject([
      { fields: { err: { message: "the registry is broken" } }, level: "error" },
    ]);
  });

  it("returns the handler's promise, so that its rejection is the server's to deal with", async () => {
    const listener = withTenant(world.tenancy, async () => Promise.reject(new Error("handler")));
    const captured: unknown[] = [];
    const own = http.createServer({}, () => undefined);
    own.removeAllListeners("request");
    own.on("request", (request, response) => {
      Promise.resolve(listener(request, response)).catch((error: unknown) => {
        captured.push((error as Error).message);
        response.end();
      });
    });
    server = await listen(own);
    await send(server.port, "/", { host: "odd.example.com" });
    await send(server.port, "/", { host: "acme.example.com" });
    expect(captured).toEqual(["handler", "handler"]);
  });

  it("leaves no scope to a request without one that was pipelined behind it", async () => {
    const tenants = withTenant(world.tenancy, async (_request, response) => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      response.end();
    });
    server = await listen(
      http.createServer((request, response) => {
        if (request.url !== "/plain") return void tenants(request, response);
        for (const event of ["finish", "close"]) response.on(event, () => world.note(event));
        response.end();
      }),
    );
    await sendRaw(
      server.port,
      "GET / HTTP/1.1\r\nHost: odd.example.com\r\n\r\n" +
        "GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    await until(() => world.events.length === 2);
    expect(world.events).toEqual(["finish:none", "close:none"]);
  });

  it("fails in a guard where the middleware was forgotten", async () => {
    let seen: unknown;
    server = await listen(
      http.createServer((request, response) => {
        requireTenant()(request, response, (error) => {
          seen = error;
          response.end();
        });
      }),
    );
    await send(server.port, "/");
    expect(seen).toMatchObject({ code: "SCOPE_REQUIRED" });
  });

  it("refuses another property for the tenant that is none", () => {
    for (const assignKey of ["", "a b", "__proto__"]) {
      expect(() => tenantMiddleware(world.tenancy, { assignKey })).toThrow(
        expect.objectContaining({ code: "INVALID_CONFIG" }),
      );
    }
  });
});

describe("withTenant on HTTP/2", () => {
  const ask = async (headers: http2.OutgoingHttpHeaders): Promise<[number, string]> => {
    const own = http2.createServer(
      withTenant(world.tenancy, async (request, response) => {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        response.on("finish", () => world.note("finish"));
        response.end(`${request.tenant?.slug} ${world.scope()}`);
      }) as never,
    );
    await new Promise<void>((resolve) => {
      own.listen(0, "127.0.0.1", resolve);
    });
    const { port } = own.address() as AddressInfo;
    const client = http2.connect(`http://127.0.0.1:${port}`);
    try {
      return await new Promise((resolve, reject) => {
        const stream = client.request(headers);
        let status = 0;
        let body = "";
        stream.on("response", (head) => {
          status = head[":status"] ?? 0;
        });
        stream.setEncoding("utf8");
        stream.on("data", (chunk: string) => {
          body += chunk;
        });
        stream.on("end", () => resolve([status, body]));
        stream.on("error", reject);
      });
    } finally {
      client.close();
      own.close();
    }
  };

  it("takes the host from :authority, in listeners of the response too", async () => {
    expect(await ask({ ":authority": "globex.example.com" })).toEqual([200, "globex globex"]);
    await until(() => world.events.length === 1);
    expect(world.events).toEqual(["finish:globex"]);
  });

  it("gets 400 when Host and :authority differ, and not when they agree", async () => {
    const [status] = await ask({ ":authority": "globex.example.com", host: "acme.example.com" });
    expect(status).toBe(400);
    expect(await ask({ ":authority": "odd.example.com", host: "odd.example.com" })).toEqual([
      200,
      "odd odd",
    ]);
  });
});

describe("withTenantUpgrade", () => {
  const upgrade = (host: string): string =>
    `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n`;
  const start = async (): Promise<number> => {
    const own = http.createServer();
    own.on(
      "upgrade",
      withTenantUpgrade(world.tenancy, (request, socket) => {
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n",
        );
        socket.on("data", (chunk: Buffer) => {
          socket.write(`${chunk.toString()} ${request.tenant?.slug} ${world.scope()};`);
        });
        socket.on("end", () => socket.end());
        socket.on("close", () => world.note("close"));
      }),
    );
    server = await listen(own);
    return server.port;
  };

  it("holds for everything the socket emits later", async () => {
    const port = await start();
    const talk = async (slug: string): Promise<string> => {
      const socket = net.connect(port, "127.0.0.1");
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => {
        text += chunk;
      });
      socket.write(upgrade(`${slug}.example.com`));
      await until(() => text.includes("\r\n\r\n"));
      for (const word of ["one", "two"]) {
        socket.write(word);
        await until(() => text.includes(`${word} ${slug} ${slug};`));
      }
      socket.destroy();
      return text.slice(text.indexOf("\r\n\r\n") + 4);
    };
    const texts = await Promise.all(["acme", "odd", "globex"].map(talk));
    expect(texts).toEqual(
      ["acme", "odd", "globex"].map((slug) => `one ${slug} ${slug};two ${slug} ${slug};`),
    );
    await until(() => world.events.length === 3);
    expect(world.events.toSorted()).toEqual(["close:acme", "close:globex", "close:odd"]);
  });

  it("keeps no connection of a refused client that does not close it", async () => {
    const port = await start();
    const socket = net.connect({ allowHalfOpen: true, host: "127.0.0.1", port });
    let status = "";
    socket.on("data", (chunk: Buffer) => {
      status += chunk.toString().slice(9, 12);
    });
    const closed = new Promise((resolve) => {
      socket.on("close", () => resolve("closed")).on("error", () => resolve("closed"));
    });
    socket.write(upgrade("nobody.example.com"));
    await until(() => status === "404");
    // What is written to a connection that is gone is answered with a reset.
    const writing = setInterval(() => socket.write("still there?"), 5);
    expect(await closed).toBe("closed");
    clearInterval(writing);
  });

  it("answers a refused request over the socket, and closes it", async () => {
    const port = await start();
    const answers = await Promise.all(
      ["suspended", "down", "broken", "nobody"].map((slug) =>
        sendRaw(port, upgrade(`${slug}.example.com`)),
      ),
    );
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(["403", "503", "500", "404"]);
    expect(answers[1]).toMatch(/retry-after: 30\r\n/);
    expect(answers[0]).toMatch(/\r\n\r\n\{"error":"tenant_suspended".*\}$/);
  });
});
