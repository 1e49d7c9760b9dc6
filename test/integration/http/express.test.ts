import http from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
} from "../../../src/integrations/http/express/index.ts";
import type { RunningServer } from "./support/app.ts";
import { send } from "./support/client.ts";
import { listen } from "./support/listen.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let app: Express;
let server: RunningServer | undefined;

beforeEach(() => {
  world = createWorld();
  app = express();
});
afterEach(() => server?.close());

const start = async (): Promise<number> => {
  app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
    res.status(500).send(`${error.message} in ${world.scope()}`);
  });
  server = await listen(http.createServer(app));
  return server.port;
};
const answerScope = (_req: Request, res: Response): void => {
  res.send(world.scope());
};

describe("the Express middleware", () => {
  it("holds behind a body parser that is in front of it", async () => {
    app.use(express.json(), tenantMiddleware(world.tenancy));
    app.post("/", (req, res) => {
      res.json({ body: req.body as unknown, scope: world.scope() });
    });
    const port = await start();
    const answer = await send(port, "/", {
      body: '{"a":1}',
      headers: { "content-type": "application/json" },
      host: "globex.example.com",
      method: "POST",
    });
    expect(JSON.parse(answer.body)).toEqual({ body: { a: 1 }, scope: "globex" });
  });

  it("takes a prefix off below where it is mounted", async () => {
    const api = express.Router();
    api.use(tenantMiddleware(world.tenancy));
    api.get("/notes", (req, res) => {
      res.json([world.scope(), req.url, req.originalUrl, req.baseUrl]);
    });
    app.use("/api", api);
    const port = await start();
    const answer = await send(port, "/api/t/globex/notes?x=1", { host: "example.com" });
    expect(JSON.parse(answer.body)).toEqual([
      "globex",
      "/notes?x=1",
      "/api/t/globex/notes?x=1",
      "/api",
    ]);
  });

  it("leaves a request alone that was answered while its tenant was looked up", async () => {
    // As a middleware does that gives requests a limited time.
    app.use((_req, res, next) => {
      next();
      if (!res.headersSent) res.status(504).end("too late");
    });
    app.use(tenantMiddleware(world.tenancy, { responseHeader: "x-tenant" }));
    app.get("/", () => world.note("route"));
    const port = await start();
    for (const slug of ["odd", "suspended", "maintenance"]) {
      const answer = await send(port, "/", { host: `${slug}.example.com` });
      expect([answer.status, answer.body]).toEqual([504, "too late"]);
    }
    expect(world.events).toEqual(["route:odd"]);
  });

  it("puts the innermost in force when there are two", async () => {
    app.use(tenantMiddleware(world.tenancy, { onUnknown: "pass" }));
    app.use("/inner", tenantMiddleware(world.tenancy));
    app.get("/inner/t/globex", answerScope);
    app.get("/inner", (_req, res) => {
      res.on("finish", () => world.note("finish"));
      res.send(world.scope());
    });
    const port = await start();
    expect((await send(port, "/inner/t/globex", { host: "acme.example.com" })).body).toBe("globex");
    expect(world.events).toEqual(["finish:globex"]);
  });

  it("keeps two tenancies apart, in listeners too", async () => {
    const other = createWorld();
    app.use(tenantMiddleware(world.tenancy));
    app.use(tenantMiddleware(other.tenancy, { assignKey: "region" }));
    app.get("/", (req, res) => {
      res.on("finish", () => {
        world.note("finish");
        other.note("finish");
      });
      res.json([req.tenant?.slug, world.scope(), other.scope()]);
    });
    const port = await start();
    const answer = await send(port, "/", { host: "odd.example.com" });
    expect(JSON.parse(answer.body)).toEqual(["odd", "odd", "odd"]);
    expect([...world.events, ...other.events]).toEqual(["finish:odd", "finish:odd"]);
  });

  it("adds tenant and host to the lines of the request's log", async () => {
    const bindings: object[] = [];
    const log = { child: (more: object) => ({ ...log, bindings: bindings.push(more) }) };
    app.use((req, _res, next) => {
      Object.assign(req, { log });
      next();
    });
    app.use(tenantMiddleware(world.tenancy), answerScope);
    const port = await start();
    await send(port, "/", { host: "globex.example.com" });
    await send(port, "/", { host: "admin.example.com" });
    expect(bindings).toEqual([{ host: "globex.example.com", tenant: "globex" }]);
  });

  it("gives what a handler of an outcome throws or rejects with to the error handlers", async () => {
    const fail = (): never => {
      throw new Error("handler");
    };
    app.use(
      tenantMiddleware(world.tenancy, {
        handlers: {
          conflict: fail,
          suspended: () => Promise.resolve().then(fail),
          unknown: (_req, _res, next) => next(),
        },
      }),
      answerScope,
    );
    const port = await start();
    for (const slug of ["conflict", "suspended"]) {
      const answer = await send(port, "/", { host: `${slug}.example.com` });
      expect(answer).toMatchObject({ body: "handler in none", status: 500 });
    }
    expect((await send(port, "/", { host: "x.test" })).body).toBe("none");
  });
});

describe("the Express guards", () => {
  it("go by the scope in force, which the application may have changed", async () => {
    app.use(tenantMiddleware(world.tenancy, { onUnknown: "pass" }));
    app.use("/put", (_req, _res, next) => {
      world.context.put({ kind: "tenant", tenant: world.tenant("acme") });
      next();
    });
    app.use(requireTenant(), answerScope);
    const port = await start();
    expect(await send(port, "/put", { host: "x.test" })).toMatchObject({
      body: "acme",
      status: 200,
    });
    expect(await send(port, "/", { host: "x.test" })).toMatchObject({ status: 404 });
  });

  it("may have a handler of the application's own", async () => {
    app.use(tenantMiddleware(world.tenancy));
    app.use(
      requireGlobal({
        handler: (_req, res, _next, refusal) => res.status(418).send(refusal.error),
      }),
    );
    const port = await start();
    expect(await send(port, "/")).toMatchObject({ body: "global_required", status: 418 });
  });

  it("fail where the middleware was forgotten", async () => {
    app.use(requireTenant(), answerScope);
    const port = await start();
    const answer = await send(port, "/");
    expect(answer.status).toBe(500);
    expect(answer.body).toContain("[SCOPE_REQUIRED]");
  });
});
