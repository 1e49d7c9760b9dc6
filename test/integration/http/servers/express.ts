import { Readable } from "node:stream";
import express, { type NextFunction, type Request, type Response } from "express";
import {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
} from "../../../../src/integrations/http/express/index.ts";
import {
  fromTimers,
  lazyStream,
  lazyWebStream,
  type MakeServer,
  noteEnd,
  whoAmI,
} from "../support/app.ts";
import { running } from "../support/listen.ts";

/** Serves the application with one version of Express. */
export const expressServer =
  (framework: typeof express): MakeServer =>
  (world, options) => {
    const { assignKey = "tenant", isSuspendedHandled, ...common } = options;
    const app = framework();
    app.use(
      tenantMiddleware(world.tenancy, {
        assignKey,
        ...common,
        ...(isSuspendedHandled === true
          ? {
              handlers: {
                suspended: (req, res) => {
                  const found = req.tenantResolution;
                  res
                    .status(402)
                    .send(`pay, ${found?.kind === "suspended" ? found.tenant.slug : ""}`);
                },
              },
            }
          : {}),
        skip: (req) => req.path === "/health",
      }),
    );
    app.use(framework.text({ limit: "10mb", type: "*/*" }));
    app.post("/body", (req, res) => {
      res.json({ body: req.body as string, scopes: [world.scope()] });
    });
    app.get("/stream", (_req, res) => {
      lazyStream(world).pipe(res);
    });
    app.get("/web-stream", (_req, res) => {
      Readable.fromWeb(lazyWebStream(world) as never).pipe(res);
    });
    app.get("/sse", (_req, res) => {
      fromTimers(world, { end: () => res.end(), write: (text) => res.write(text) });
    });
    app.get("/throw", async () => {
      await Promise.reject(new Error("thrown"));
    });
    app.get("/put", (_req, res) => {
      world.context.put({ kind: "tenant", tenant: world.tenant("globex") });
      noteEnd(world, res);
      res.send("put");
    });
    app.get("/finish", (_req, res) => {
      noteEnd(world, res);
      res.send("finished");
    });
    app.get("/hang", (req) => {
      world.note("hang");
      req.on("close", () => world.note("aborted"));
    });
    app.get("/tenant-only", requireTenant(), (_req, res) => res.send("passed"));
    app.get("/global-only", requireGlobal(), (_req, res) => res.send("passed"));
    app.get("/{*path}", (req, res, next) => {
      const found = req as unknown as Record<string, unknown>;
      const { [assignKey]: tenant, [`${assignKey}Resolution`]: resolution } = found;
      whoAmI(world, { resolution, tenant, url: req.url }).then((seen) => res.json(seen), next);
    });
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(500).send(`${error.message} in ${world.scope()}`);
    });
    return new Promise((resolve) => {
      const server = app.listen(0, "127.0.0.1", () => resolve(running(server)));
    });
  };

export const makeExpressServer: MakeServer = expressServer(express);
