import http from "node:http";
import type { AddressInfo } from "node:net";
import type * as Trpc from "@trpc/server";
import type * as Express from "@trpc/server/adapters/express";
import type * as Fetch from "@trpc/server/adapters/fetch";
import type * as Standalone from "@trpc/server/adapters/standalone";
import type * as TrpcWs from "@trpc/server/adapters/ws";
import type * as Observables from "@trpc/server/observable";
import express from "express";
import { WebSocket, WebSocketServer } from "ws";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";
import {
  tenantContext,
  type TenantContext,
  tenantScope,
} from "../../../src/integrations/api/trpc/index.ts";
import { tenantMiddleware } from "../../../src/integrations/http/express/index.ts";
import { withTenant } from "../../../src/integrations/http/fetch/index.ts";
import { type Answer, send, until } from "../http/support/client.ts";
import { type PgTestPool, openTenancy } from "../http/support/open-tenancy.ts";
import { deferred } from "../jobs/support/world.ts";
import { describePeers } from "../../support/peers.ts";

const SLUGS = ["acme", "globex"];

describePeers("procedures", "@trpc/server", (peers) => {
  let tenancy: Tenancy<PgTestPool>;
  let drop: () => Promise<void>;
  let router: ReturnType<typeof makeRouter>;
  let standalone: typeof Standalone;
  const open: http.Server[] = [];
  /** The tenants in whose scope observables were ended. */
  const ended: unknown[] = [];
  let released = deferred();

  beforeAll(async () => {
    ({ drop, tenancy } = await openTenancy());
    for (const slug of SLUGS) {
      await tenancy.create(slug);
      const insert = "insert into note (body) values ($1)";
      await tenancy.withTenant(slug, () => tenancy.pool.query(insert, [slug]));
    }
    const { initTRPC } = await peers.load<typeof Trpc>("@trpc/server");
    const { observable } = await peers.load<typeof Observables>("@trpc/server/observable");
    router = makeRouter(initTRPC, observable);
    standalone = await peers.load<typeof Standalone>("@trpc/server/adapters/standalone");
  });
  afterEach(() => {
    for (const server of open.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  afterAll(async () => {
    await tenancy.close();
    await drop();
  });

  async function owner(): Promise<string> {
    const { rows } = await tenancy.pool.query<{ body: string }>("select body from note");
    return rows.map(({ body }) => body).join();
  }

  function makeRouter(initTRPC: typeof Trpc.initTRPC, observable: typeof Observables.observable) {
    const t = initTRPC.context<Partial<TenantContext>>().create();
    const procedure = t.procedure.use(tenantScope(tenancy));
    return t.router({
      denied: procedure.query(() => tenancy.withTenant("nobody", () => 1)),
      file: procedure.query(() => tenancy.path("..")),
      global: t.procedure.query(({ ctx }) => `${ctx.tenant?.slug} ${tenancy.currentScope()?.kind}`),
      lost: procedure.query(() => {
        throw new TenancyError("TRANSACTION_ABORTED", "It was aborted.");
      }),
      moved: procedure.mutation(async () => {
        await tenancy.putTenant("globex");
        return owner();
      }),
      old: procedure.subscription(() =>
        observable<string>((emit) => {
          void owner().then((own) => emit.next(own));
          return () => ended.push(tenancy.currentTenant()?.slug);
        }),
      ),
      owner: procedure.query(async ({ ctx }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return `${ctx.tenant.slug} ${await owner()}`;
      }),
      patient: procedure.subscription(async function* patient() {
        yield await owner();
        await released.promise;
        yield await owner();
      }),
      ticks: procedure.subscription(async function* ticks() {
        for (let n = 0; n < 3; n += 1) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          yield await owner();
        }
      }),
    });
  }

  async function listen(server: http.Server): Promise<number> {
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  /** Each adapter, started inside of a scope that no request may be served in. */
  const ADAPTERS: Record<string, () => Promise<number>> = {
    express: async () => {
      const { createExpressMiddleware } = await peers.load<typeof Express>(
        "@trpc/server/adapters/express",
      );
      const app = express();
      app.use(tenantMiddleware(tenancy));
      app.use("/api", createExpressMiddleware({ router }));
      return listen(http.createServer(app));
    },
    "express, by the context": async () => {
      const { createExpressMiddleware } = await peers.load<typeof Express>(
        "@trpc/server/adapters/express",
      );
      const app = express();
      app.use("/api", createExpressMiddleware({ createContext: tenantContext(tenancy), router }));
      return listen(http.createServer(app));
    },
    fetch: () => listenFetch(withTenant(tenancy, (request) => handleFetch(request))),
    "fetch, by the context": () =>
      listenFetch((request) => handleFetch(request, tenantContext(tenancy))),
    standalone: () =>
      listen(
        standalone.createHTTPServer({
          basePath: "/api/",
          createContext: async (options) => ({ ...(await tenantContext(tenancy)(options)) }),
          router,
        }),
      ),
    "standalone, behind a middleware": () =>
      listen(
        standalone.createHTTPServer({
          basePath: "/api/",
          createContext: tenantContext(tenancy),
          middleware: tenantMiddleware(tenancy) as never,
          router,
        }),
      ),
  };

  async function handleFetch(
    req: Request,
    createContext: ReturnType<typeof tenantContext> = async () => ({ tenant: undefined }),
  ): Promise<Response> {
    const { fetchRequestHandler } = await peers.load<typeof Fetch>("@trpc/server/adapters/fetch");
    return fetchRequestHandler({ createContext, endpoint: "/api", req, router });
  }

  function listenFetch(handle: (request: Request) => Promise<Response>): Promise<number> {
    const serve = async (request: http.IncomingMessage, response: http.ServerResponse) => {
      const url = `http://${request.headers.host}${request.url}`;
      const answer = await handle(new Request(url, { method: request.method ?? "GET" }));
      response.statusCode = answer.status;
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    };
    return listen(http.createServer((request, response) => void serve(request, response)));
  }

  const ask = (port: number, slug: string, path: string): Promise<Answer> =>
    send(port, `/api/${path}`, { host: `${slug}.example.com` });
  const dataOf = ({ body }: Answer): unknown => {
    const parsed = JSON.parse(body) as
      | { result: { data: unknown } }
      | { result: { data: unknown } }[];
    return Array.isArray(parsed) ? parsed.map(({ result }) => result.data) : parsed.result.data;
  };

  it.each(Object.keys(ADAPTERS))("run in the scope of their request's tenant: %s", async (name) => {
    const port = await tenancy.withTenant("globex", () => ADAPTERS[name]!());
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, job) => {
        const slug = SLUGS[job % 2]!;
        const path = job % 3 === 0 ? "owner,owner,owner?batch=1&input=%7B%7D" : "owner";
        const found = [dataOf(await ask(port, slug, path))].flat();
        return found.every((owner) => owner === `${slug} ${slug}`) ? found.length : found;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([1, 3]));
    const { body } = await ask(port, "acme", "ticks");
    expect([...body.matchAll(/^data: "(\w+)"/gm)].map(([, data]) => data)).toEqual([
      "acme",
      "acme",
      "acme",
    ]);
    expect((await ask(port, "nobody", "owner")).status).toBe(404);
  });

  it("of a batch do not change each other's scope", async () => {
    const port = await ADAPTERS["standalone"]!();
    const options = {
      body: "{}",
      headers: { "content-type": "application/json" },
      host: "acme.example.com",
      method: "POST",
    };
    const one = send(port, "/api/moved", options);
    expect(dataOf(await one)).toBe("globex");
    const path = "/api/moved,moved?batch=1";
    expect(dataOf(await send(port, path, options))).toEqual(["globex", "globex"]);
    expect(dataOf(await ask(port, "acme", "owner"))).toBe("acme acme");
  });

  it("answer errors of the toolkit with the code that fits", async () => {
    const port = await ADAPTERS["standalone"]!();
    await tenancy.create("sleepy");
    await tenancy.suspend("sleepy");
    const codeOf = async (slug: string, path: string): Promise<unknown> => {
      const { body, status } = await ask(port, slug, path);
      const { error } = JSON.parse(body) as {
        error: { data: { code: string; httpStatus: number } };
      };
      expect(error.data.httpStatus).toBe(status);
      return error.data.code;
    };
    expect(await codeOf("acme", "denied")).toBe("NOT_FOUND");
    expect(await codeOf("acme", "file")).toBe("BAD_REQUEST");
    expect(await codeOf("acme", "lost")).toBe("INTERNAL_SERVER_ERROR");
    expect(await codeOf("nobody", "global")).toBe("NOT_FOUND");
    expect(await codeOf("sleepy", "owner")).toBe("FORBIDDEN");
    expect(await codeOf("admin", "owner")).toBe("NOT_FOUND");
    expect(dataOf(await ask(port, "admin", "global"))).toBe("undefined undefined");
    await tenancy.drop("sleepy");
  });

  it("of a connection follow their tenant", async () => {
    const { applyWSSHandler } = await peers.load<typeof TrpcWs>("@trpc/server/adapters/ws");
    const server = http.createServer();
    const wss = new WebSocketServer({ server });
    applyWSSHandler({ createContext: tenantContext(tenancy), router, wss });
    const port = await tenancy.withTenant("globex", () => listen(server));
    await tenancy.create("moving");
    const host = "moving.example.com";
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { host } });
    const answers = new Map<number, unknown[]>();
    client.on("message", (data: Buffer) => {
      const { error, id, result } = JSON.parse(data.toString()) as {
        id: number;
        result?: { data?: unknown; type: string };
        error?: { data: { code: string } };
      };
      const answer = error?.data.code ?? result?.data;
      if (answer !== undefined) answers.set(id, [...(answers.get(id) ?? []), answer]);
    });
    await new Promise((resolve) => client.on("open", resolve));
    const call = async (id: number, method: string, path: string, count = 1): Promise<unknown> => {
      client.send(JSON.stringify({ id, method, params: { path } }));
      await until(() => answers.get(id)?.length === count);
      return answers.get(id);
    };
    await tenancy.withTenant("moving", () => tenancy.query("insert into note values ('moved')"));
    await tenancy.rename("moving", { schemaName: true, slug: "moved" });
    await tenancy.create("moving");
    expect(await call(1, "query", "owner")).toEqual(["moved moved"]);
    expect(await call(2, "subscription", "ticks", 3)).toEqual(["moved", "moved", "moved"]);
    expect(await call(3, "subscription", "old")).toEqual(["moved"]);
    client.send(JSON.stringify({ id: 3, method: "subscription.stop" }));
    await until(() => ended.length > 0);
    expect(ended).toEqual(["moved"]);
    expect(await call(4, "subscription", "patient")).toEqual(["moved"]);
    await tenancy.rename("moved", { schemaName: true, slug: "again" });
    await tenancy.create("moved");
    await tenancy.withTenant("moved", () => tenancy.query("insert into note values ('strange')"));
    released.resolve();
    await until(() => answers.get(4)?.length === 2);
    expect(answers.get(4)).toEqual(["moved", "SERVICE_UNAVAILABLE"]);
    released = deferred();
    expect(await call(5, "subscription", "patient")).toEqual(["moved"]);
    await tenancy.suspend("again");
    released.resolve();
    await until(() => answers.get(5)?.length === 2);
    expect(answers.get(5)).toEqual(["moved", "FORBIDDEN"]);
    expect(await call(6, "query", "owner")).toEqual(["FORBIDDEN"]);
    client.terminate();
    wss.close();
    for (const slug of ["moving", "moved", "again"]) await tenancy.drop(slug);
  });
});
