import http from "node:http";
import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scopeOf } from "../../../../src/core/scope.ts";
import type { CommonOptions, MakeServer, RunningServer, Seen } from "./app.ts";
import { type Answer, send, type SendOptions, sendRaw, statusesOf, until } from "./client.ts";
import { createWorld, type World } from "./world.ts";

/** What an adapter cannot do, and why. */
export interface Gaps {
  /** Listeners of the response. */
  readonly finish?: string;
  /** Noticing that the client went away. */
  readonly abort?: string;
  /** The scope of error handlers when resolving fails in a server that was started in a scope. */
  readonly errorScope?: string;
  /** Guards. */
  readonly guards?: string;
  /** Another property for the tenant. */
  readonly assignKey?: string;
  /** A request without a `Host` header. */
  readonly missingHost?: string;
  /** A target that names another host than the `Host` header. */
  readonly otherTarget?: string;
}

/** The behaviour that every adapter has, against a real server of its framework. */
export function describeHttp(name: string, makeServer: MakeServer, gaps: Gaps = {}): void {
  describe(`HTTP through ${name}`, () => {
    let world: World;
    let server: RunningServer;
    const extra: RunningServer[] = [];
    const start = async (options: CommonOptions): Promise<RunningServer> => {
      const started = await makeServer(world, options);
      extra.push(started);
      return started;
    };
    const get = (path: string, options?: SendOptions): Promise<Answer> =>
      send(server.port, path, options);
    const seenBy = async (
      path: string,
      options?: SendOptions,
      port = server.port,
    ): Promise<Seen> => {
      const answer = await send(port, path, options);
      expect(answer).toMatchObject({ status: 200 });
      return JSON.parse(answer.body) as Seen;
    };
    const all = (scope: string): string[] => [scope, scope, scope, scope];

    beforeEach(async () => {
      world = createWorld();
      server = await makeServer(world, {});
    });
    afterEach(async () => {
      await Promise.all([server, ...extra.splice(0)].map((each) => each.close()));
    });

    describe("the scope", () => {
      it("is the tenant's, and the tenant is where the application looks for it", async () => {
        for (const slug of ["acme", "globex", "t1", "t22", "odd"]) {
          expect(await seenBy("/whoami?x=1", { host: `${slug}.example.com` })).toEqual({
            kind: "tenant",
            scopes: all(slug),
            tenant: slug,
            url: "/whoami?x=1",
          });
        }
      });

      it("is the global one on the admin host, with no tenant", async () => {
        const seen = await seenBy("/whoami", { host: "admin.example.com" });
        expect(seen).toMatchObject({ kind: "global", scopes: all("global"), tenant: null });
      });

      it("is each request's own among sixty at a time for five tenants", async () => {
        const slugs = ["acme", "globex", "t1", "t22", "t333"];
        const jobs = Array.from({ length: 60 }, async (_, job) => {
          const slug = slugs[job % slugs.length] ?? "";
          const seen = await seenBy("/whoami", { host: `${slug}.example.com` });
          return { seen, slug };
        });
        for (const { seen, slug } of await Promise.all(jobs)) {
          expect(seen).toMatchObject({ scopes: all(slug), tenant: slug });
        }
      });

      it("holds around the reading of a body in many chunks", async () => {
        const body = "b".repeat(1_000_000);
        const jobs = ["acme", "globex", "t1"].map(async (slug) => {
          const answer = await get("/body", {
            body,
            headers: { "content-type": "text/plain" },
            host: `${slug}.example.com`,
            method: "POST",
          });
          expect(answer.status).toBe(200);
          expect(JSON.parse(answer.body)).toEqual({ body, scopes: [slug] });
        });
        await Promise.all(jobs);
      });

      it("holds while a stream is read after the handler has returned", async () => {
        for (const path of ["/stream", "/web-stream"]) {
          for (const slug of ["acme", "odd"]) {
            const answer = await get(path, { host: `${slug}.example.com` });
            expect([path, answer.body]).toEqual([path, `${slug};`.repeat(4)]);
          }
        }
      });

      it("holds in timers that send events", async () => {
        const answer = await get("/sse", { host: "globex.example.com" });
        expect(answer.body).toBe("data: globex\n\n".repeat(3));
      });

      it("holds where errors of routes are handled", async () => {
        const answer = await get("/throw", { host: "globex.example.com" });
        expect(answer).toMatchObject({ body: "thrown in globex", status: 500 });
      });

      it.skipIf(gaps.finish)("holds in listeners of the response", async () => {
        await get("/finish", { host: "odd.example.com" });
        await until(() => world.events.length === 2);
        expect(world.events).toEqual(["finish:odd", "close:odd"]);
      });

      it.skipIf(gaps.finish)("is the changed one in listeners after it was changed", async () => {
        await get("/put", { host: "acme.example.com" });
        await until(() => world.events.length === 2);
        expect(world.events).toEqual(["finish:globex", "close:globex"]);
      });

      it.skipIf(gaps.abort)("holds when the client goes away", async () => {
        const socket = net.connect(server.port, "127.0.0.1");
        socket.write("GET /hang HTTP/1.1\r\nHost: globex.example.com\r\n\r\n");
        await until(() => world.events.includes("hang:globex"));
        socket.destroy();
        await until(() => world.events.length === 2);
        expect(world.events).toEqual(["hang:globex", "aborted:globex"]);
      });
    });

    describe("one connection", () => {
      it("serves tenants one after the other without a trace of the one before", async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const order = ["acme", "", "globex", "admin", "", "t1"];
        const reused: boolean[] = [];
        for (const slug of order) {
          const options = { agent, host: slug === "" ? "x.test" : `${slug}.example.com` };
          const answer = await get(slug === "" ? "/health" : "/whoami", options);
          const scope = slug === "admin" ? "global" : slug === "" ? "none" : slug;
          expect((JSON.parse(answer.body) as Seen).scopes).toEqual(all(scope));
          reused.push(answer.reused);
        }
        expect(reused).toEqual([false, true, true, true, true, true]);
        agent.destroy();
      });

      it("serves pipelined requests of different tenants, each in its own scope", async () => {
        const order = ["acme", "skip", "globex", "odd", "skip", "t1"];
        const requests = order.map((slug, index) => {
          const path = slug === "skip" ? "/health" : "/whoami";
          const close = index === order.length - 1 ? "Connection: close\r\n" : "";
          return `GET ${path} HTTP/1.1\r\nHost: ${slug}.example.com\r\n${close}\r\n`;
        });
        const answer = await sendRaw(server.port, requests.join(""));
        const scopes = [...answer.matchAll(/"scopes":\[([^\]]*)\]/g)].map((match) => match[1]);
        expect(scopes).toEqual(
          order.map((slug) =>
            Array(4)
              .fill(slug === "skip" ? '"none"' : `"${slug}"`)
              .join(","),
          ),
        );
      });
    });

    describe("a request of no known tenant", () => {
      it("gets 404 as JSON, with nothing of what it sent", async () => {
        const answer = await get("/whoami", { host: "nobody.example.com" });
        expect(answer.status).toBe(404);
        expect(JSON.parse(answer.body)).toEqual({
          error: "unknown_tenant",
          message: "There is no such tenant.",
        });
        expect(answer.headers).toMatchObject({
          "cache-control": "no-store",
          "content-type": "application/json; charset=utf-8",
          vary: "Host, Accept",
          "x-content-type-options": "nosniff",
        });
        expect(answer.headers["retry-after"]).toBeUndefined();
      });

      it("gets plain text if it is a browser's", async () => {
        const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        const answer = await get("/whoami", { headers: { accept }, host: "nobody.example.com" });
        expect(answer).toMatchObject({ body: "There is no such tenant.\n", status: 404 });
        expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
      });

      it("gets 404 also when it has a body, and the connection stays usable", async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const body = "b".repeat(100_000);
        const options = { agent, host: "nobody.example.com" };
        const answer = await get("/body", { ...options, body, method: "POST" });
        expect(answer.status).toBe(404);
        const next = await get("/whoami", { agent, host: "acme.example.com" });
        expect((JSON.parse(next.body) as Seen).tenant).toBe("acme");
        agent.destroy();
      });

      it("runs without a scope when it is passed on", async () => {
        const { port } = await start({ onUnknown: "pass" });
        const seen = await seenBy("/whoami", { host: "nobody.example.com" }, port);
        expect(seen).toMatchObject({ kind: "unknown", scopes: all("none"), tenant: null });
      });
    });

    describe("a request that cannot be served", () => {
      it.each([
        ["conflict", 400, "conflicting_tenants", undefined],
        ["suspended", 403, "tenant_suspended", undefined],
        ["maintenance", 503, "tenant_maintenance", "30"],
        ["provisioning", 503, "tenant_provisioning", "30"],
        ["down", 503, "temporarily_unavailable", "30"],
      ])("gets its status: %s is %i", async (slug, status, error, retryAfter) => {
        const answer = await get("/whoami", { host: `${slug}.example.com` });
        expect(answer.status).toBe(status);
        expect(JSON.parse(answer.body)).toMatchObject({ error });
        expect(answer.headers["retry-after"]).toBe(retryAfter);
      });

      it("leaves a line in the log", async () => {
        await get("/whoami", { host: "suspended.example.com" });
        await get("/whoami", { host: "down.example.com" });
        expect(world.log).toMatchObject([
          {
            fields: { host: "suspended.example.com", reason: "tenant_suspended", status: 403 },
            level: "info",
            message: "request refused",
          },
          {
            fields: { err: { code: "DATABASE_UNAVAILABLE" }, host: "down.example.com" },
            level: "error",
            message: "request not resolved",
          },
        ]);
      });

      it("waits as long as it is told to", async () => {
        const { port } = await start({ retryAfterSeconds: 7 });
        const answer = await send(port, "/whoami", { host: "down.example.com" });
        expect(answer.headers["retry-after"]).toBe("7");
      });

      it("is answered by the application where it has a handler", async () => {
        const { port } = await start({ isSuspendedHandled: true });
        const answer = await send(port, "/whoami", { host: "suspended.example.com" });
        expect(answer).toMatchObject({ body: "pay, suspended", status: 402 });
      });

      it("gets 503 once the tenancy is closed, also if that happens after it was resolved", async () => {
        world.close(true);
        for (const round of ["late", "closed"]) {
          const answer = await get("/whoami", { host: "acme.example.com" });
          expect([round, answer.status]).toEqual([round, 503]);
          expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" });
        }
        expect((await get("/health")).status).toBe(200);
      });

      it("goes to the error handling when resolving fails", async () => {
        const answer = await get("/whoami", { host: "broken.example.com" });
        expect(answer.status).toBe(500);
        expect(answer.body).toContain("the registry is broken");
      });
    });

    describe("a malformed request", () => {
      it("gets 400 with two Host headers, equal or not", async () => {
        for (const second of ["globex.example.com", "acme.example.com"]) {
          const answer = await sendRaw(
            server.port,
            `GET /whoami HTTP/1.1\r\nHost: acme.example.com\r\nHost: ${second}\r\nConnection: close\r\n\r\n`,
          );
          expect(statusesOf(answer)).toEqual([400]);
          expect(answer).toContain('"error":"invalid_request"');
        }
      });

      it.skipIf(gaps.missingHost)("gets 400 without a Host header", async () => {
        const answer = await sendRaw(server.port, "GET /whoami HTTP/1.0\r\n\r\n");
        expect(statusesOf(answer)).toEqual([400]);
        expect(answer).toContain('"error":"invalid_request"');
      });

      it("gets 400 for a host that is no host name", async () => {
        for (const host of ["acme.example.com, globex.example.com", "a c m e", "<script>", ""]) {
          const answer = await sendRaw(
            server.port,
            `GET /whoami HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
          );
          expect([host, statusesOf(answer)]).toEqual([host, [400]]);
          expect(answer).not.toContain("<script>");
        }
      });

      it("gets 400 for control characters in the host", async () => {
        for (const character of ["\u0000", "\u0001", "\u007f", "\t", "\u00a0"]) {
          const answer = await sendRaw(
            server.port,
            `GET /whoami HTTP/1.1\r\nHost: ac${character}me.example.com\r\nConnection: close\r\n\r\n`,
          );
          expect([character, statusesOf(answer)]).toEqual([character, [400]]);
        }
      });

      it.skipIf(gaps.otherTarget)(
        "gets 400 when the target names another host than the header",
        async () => {
          const answer = await sendRaw(
            server.port,
            "GET http://globex.example.com/whoami HTTP/1.1\r\nHost: acme.example.com\r\nConnection: close\r\n\r\n",
          );
          expect(statusesOf(answer)).toEqual([400]);
        },
      );

      it("is none when the target repeats the host", async () => {
        const answer = await sendRaw(
          server.port,
          "GET http://acme.example.com/whoami HTTP/1.1\r\nHost: ACME.example.com\r\nConnection: close\r\n\r\n",
        );
        expect(statusesOf(answer)).toEqual([200]);
        expect(answer).toContain('"tenant":"acme"');
      });
    });

    describe("X-Forwarded-Host", () => {
      const forwarded = { "x-forwarded-host": "globex.example.com" };
      const tenantFor = async (
        trustProxy: CommonOptions["trustProxy"],
        headers: Record<string, string | string[]> = forwarded,
      ): Promise<string | null | number> => {
        const { port } = await start(trustProxy === undefined ? {} : { trustProxy });
        const answer = await send(port, "/whoami", { headers });
        return answer.status === 200 ? (JSON.parse(answer.body) as Seen).tenant : answer.status;
      };

      it("is ignored unless the peer is trusted", async () => {
        expect(await tenantFor(undefined)).toBe("acme");
        expect(await tenantFor(false)).toBe("acme");
        expect(await tenantFor(["10.0.0.0/8", "::1"])).toBe("acme");
        expect(await tenantFor((address) => address !== "127.0.0.1")).toBe("acme");
      });

      it("names the host when the peer is trusted", async () => {
        expect(await tenantFor(true)).toBe("globex");
        expect(await tenantFor(["127.0.0.0/8"])).toBe("globex");
        expect(await tenantFor((address) => address === "127.0.0.1")).toBe("globex");
        expect(await tenantFor(true, {})).toBe("acme");
      });

      it("gets 400 with several values, or with several headers", async () => {
        const several = "globex.example.com, acme.example.com";
        expect(await tenantFor(true, { "x-forwarded-host": several })).toBe(400);
        expect(await tenantFor(true, { "x-forwarded-host": several.split(", ") })).toBe(400);
        expect(await tenantFor(true, { "x-forwarded-host": "" })).toBe(400);
      });
    });

    describe("a path prefix", () => {
      it("names the tenant and comes off the URL", async () => {
        const host = "example.com";
        expect(await seenBy("/t/globex/whoami?x=1", { host })).toMatchObject({
          scopes: all("globex"),
          tenant: "globex",
          url: "/whoami?x=1",
        });
        expect(await seenBy("/t/odd", { host })).toMatchObject({ tenant: "odd", url: "/" });
      });

      it("keeps the body", async () => {
        const answer = await get("/t/globex/body", {
          body: "kept",
          headers: { "content-type": "text/plain" },
          host: "example.com",
          method: "POST",
        });
        expect(JSON.parse(answer.body)).toEqual({ body: "kept", scopes: ["globex"] });
      });

      it("never names another host by two slashes", async () => {
        const answer = await get("/t/globex//admin.example.com/x", { host: "example.com" });
        expect(JSON.parse(answer.body)).toMatchObject({
          scopes: all("globex"),
          url: "//admin.example.com/x",
        });
      });
    });

    describe("options", () => {
      it.skipIf(gaps.assignKey)("choose another property", async () => {
        const { port } = await start({ assignKey: "customer" });
        const seen = await seenBy("/whoami", {}, port);
        expect(seen).toMatchObject({ kind: "tenant", tenant: "acme" });
      });

      it("tell the slug in a response header", async () => {
        const { port } = await start({ responseHeader: "x-tenant" });
        expect((await send(port, "/whoami")).headers["x-tenant"]).toBe("acme");
        const web = await send(port, "/web-stream");
        expect([web.headers["x-tenant"], web.body]).toEqual(["acme", "acme;".repeat(4)]);
        const admin = await send(port, "/whoami", { host: "admin.example.com" });
        expect(admin.headers["x-tenant"]).toBeUndefined();
      });

      it("skip requests, which then run without a scope even in a server started in one", async () => {
        const started = await world.context.run(scopeOf(world.tenant("acme")), () => start({}));
        const seen = await seenBy("/health", { host: "globex.example.com" }, started.port);
        expect(seen).toMatchObject({ kind: null, scopes: all("none"), tenant: null });
        expect(world.resolved).toEqual([]);
      });

      it.skipIf(gaps.errorScope)(
        "keep error handlers out of a scope the server was started in",
        async () => {
          const started = await world.context.run(scopeOf(world.tenant("acme")), () => start({}));
          const answer = await send(started.port, "/whoami", { host: "broken.example.com" });
          expect(answer).toMatchObject({ body: "the registry is broken in none", status: 500 });
        },
      );

      it.each([
        ["onUnknown", "ignore"],
        ["retryAfterSeconds", -1],
        ["retryAfterSeconds", 1.5],
        ["responseHeader", "x tenant"],
        ["trustProxy", ["10.0.0.0/33"]],
        ["trustProxy", ["loopback"]],
      ])("are refused when wrong: %s %j", async (option, value) => {
        await expect(async () => start({ [option]: value })).rejects.toMatchObject({
          code: "INVALID_CONFIG",
        });
      });
    });

    describe.skipIf(gaps.guards)("guards", () => {
      const at = async (path: string, slug: string): Promise<[number, string]> => {
        const { body, status } = await get(path, { host: `${slug}.example.com` });
        return [status, status === 200 ? body : (JSON.parse(body) as { error: string }).error];
      };

      it("let only tenants pass, or only the global scope", async () => {
        expect(await at("/tenant-only", "acme")).toEqual([200, "passed"]);
        expect(await at("/tenant-only", "admin")).toEqual([404, "tenant_required"]);
        expect(await at("/global-only", "admin")).toEqual([200, "passed"]);
        expect(await at("/global-only", "acme")).toEqual([403, "global_required"]);
      });
    });
  });
}
