import { Readable } from "node:stream";
import type * as H3Package from "h3";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  requireTenant,
  stripTenantPath,
  tenantMiddleware,
} from "../../../src/integrations/http/h3/index.ts";
import { describePeers } from "../../support/peers.ts";
import { lazyStream, lazyWebStream } from "./support/app.ts";
import { send } from "./support/client.ts";
import { createWorld, pathResolver, type World } from "./support/world.ts";

describePeers("the middleware for h3", "h3", (peers) => {
  let world: World;
  let server: ReturnType<typeof H3Package.serve> | undefined;
  let h3: typeof H3Package;

  beforeEach(async () => {
    world = createWorld();
    h3 = await peers.load<typeof H3Package>("h3");
  });
  afterEach(() => server?.close(true));

  const start = async (app: H3Package.H3): Promise<number> => {
    const options = { gracefulShutdown: false, hostname: "127.0.0.1", port: 0, silent: true };
    server = h3.serve(app, options);
    await server.ready();
    return Number(new URL(server.url ?? "").port);
  };

  it("keeps the scope in whatever kind of stream a handler returns", async () => {
    const app = new h3.H3().use(tenantMiddleware(world.tenancy));
    app.get("/node", () => lazyStream(world));
    app.get("/web", () => lazyWebStream(world));
    app.get("/response", () => new Response(lazyWebStream(world)));
    app.get("/http-response", () => new h3.HTTPResponse(lazyWebStream(world)));
    app.get("/http-node", () => new h3.HTTPResponse(lazyStream(world) as never));
    app.get("/iterable", () => {
      const parts = async function* generate(): AsyncGenerator<string> {
        for (let left = 4; left > 0; left -= 1) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield `${world.scope()};`;
        }
      };
      return h3.iterable(parts());
    });
    const port = await start(app);
    const kinds = ["node", "web", "response", "http-response", "http-node", "iterable"];
    const jobs = kinds.flatMap((kind) =>
      ["acme", "globex"].map(async (slug) => {
        const { body } = await send(port, `/${kind}`, { host: `${slug}.example.com` });
        expect([kind, body]).toEqual([kind, `${slug};`.repeat(4)]);
      }),
    );
    await Promise.all(jobs);
  });

  it("goes by the path that the routes see, whatever dots and escapes it is sent with", async () => {
    const app = new h3.H3({ onRequest: stripTenantPath(pathResolver) });
    app.use(tenantMiddleware(world.tenancy));
    app.get(
      "/**",
      ({ context, url }) => `${context.tenant?.slug} ${url.pathname} ${world.scope()}`,
    );
    const port = await start(app);
    const host = "example.com";
    const bodyOf = async (path: string): Promise<string> => (await send(port, path, { host })).body;
    expect(await bodyOf("/t/globex/../acme/x")).toBe("acme /x acme");
    expect(await bodyOf("/t/%61cme/x")).toBe("acme /x acme");
    expect(await bodyOf("/t/globex/%2e%2e/acme/x")).toBe("acme /x acme");
    expect(await bodyOf("/t/acme//globex")).toBe("acme //globex acme");
  });

  it("leaves the prefix to the routes without the option", async () => {
    const app = new h3.H3().use(tenantMiddleware(world.tenancy));
    app.get("/t/:slug/notes", ({ context, url }) => `${context.params?.["slug"]} ${url.pathname}`);
    const port = await start(app);
    const answer = await send(port, "/t/acme/notes", { host: "example.com" });
    expect(answer.body).toBe("acme /notes");
  });

  it("resolves by the Fetch request where there is none of Node's", async () => {
    const remoteAddress = (): string => "10.0.0.1";
    const app = new h3.H3();
    app.use(tenantMiddleware(world.tenancy, { remoteAddress, trustProxy: ["10.0.0.0/8"] }));
    app.get("/", () => Readable.from([world.scope()]));
    const slugOf = async (headers: Record<string, string>): Promise<string> => {
      const response = await app.request("http://acme.example.com/", { headers });
      return response.text();
    };
    expect(await slugOf({})).toBe("acme");
    expect(await slugOf({ "x-forwarded-host": "globex.example.com" })).toBe("globex");
  });

  it("goes on to no route when it refuses, whatever the answer looks like to h3", async () => {
    const app = new h3.H3();
    const handlers = {
      maintenance: () => new Response("closed", { headers: { "x-own": "1" }, status: 404 }),
      provisioning: (_event: unknown, next: () => unknown) => next(),
      suspended: () => undefined,
    };
    const middleware = tenantMiddleware(world.tenancy, { handlers });
    app.use(async (event, next) => {
      const answer = await middleware(event, next);
      // As the h3 that Nitro 3.0.0 has inside: such an answer means that nobody has answered.
      return answer instanceof Response && answer.status === 404 ? await next() : answer;
    });
    app.get("/", () => `reached in ${world.scope()}`);
    app.get("/tenant-only", () => "reached", {
      middleware: [requireTenant({ handler: () => undefined })],
    });
    const port = await start(app);
    const ask = async (slug: string, path = "/"): Promise<unknown[]> => {
      const { body, status } = await send(port, path, { host: `${slug}.example.com` });
      return [status, body.includes("reached")];
    };
    expect(await ask("nobody")).toEqual([404, false]);
    expect(await ask("suspended")).toEqual([403, false]);
    expect(await ask("maintenance")).toEqual([404, false]);
    expect(await ask("admin", "/tenant-only")).toEqual([404, false]);
    expect(await ask("provisioning")).toEqual([200, true]);
  });

  it("says so where a guard has no middleware before it, or h3 is of another version", async () => {
    const app = new h3.H3({ silent: true });
    const causes: unknown[] = [];
    app.config.onError = (error): void => void causes.push(error.cause);
    app.get("/", () => "passed", { middleware: [requireTenant()] });
    expect((await app.request("/")).status).toBe(500);
    expect(causes).toMatchObject([{ code: "SCOPE_REQUIRED" }]);
    const older = { node: { req: {}, res: {} }, path: "/" } as never;
    await expect(tenantMiddleware(world.tenancy)(older, () => undefined)).rejects.toMatchObject({
      code: "UNSUPPORTED_PEER",
    });
  });
});
