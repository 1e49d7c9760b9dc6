import { Elysia } from "elysia";
import { beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import type { Tenant } from "../../../src/core/tenant.ts";
import { requireTenant, tenantPlugin } from "../../../src/integrations/http/elysia/index.ts";
import { describePeers } from "../../support/peers.ts";
import { createWorld, type World } from "./support/world.ts";

const at = (slug: string, path = "/"): Request => new Request(`http://${slug}.example.com${path}`);

describePeers("the plugin for Elysia", "elysia", (peers) => {
  let world: World;
  let Framework: typeof Elysia;

  beforeEach(async () => {
    world = createWorld();
    ({ Elysia: Framework } = await peers.load<{ Elysia: typeof Elysia }>("elysia"));
  });

  it("types the context, and covers the routes of the whole application", async () => {
    const group = new Framework({ prefix: "/group" })
      .use(tenantPlugin(world.tenancy))
      .get("/", ({ tenant }) => {
        expectTypeOf(tenant).toEqualTypeOf<Tenant | undefined>();
        return `${tenant?.slug} ${world.scope()}`;
      });
    const app = new Framework().use(group).get("/", () => world.scope());
    const texts = await Promise.all([
      app.handle(at("acme", "/group")).then((response) => response.text()),
      app.handle(at("globex")).then((response) => response.text()),
    ]);
    expect(texts).toEqual(["acme acme", "globex"]);
    expect((await app.handle(at("nobody"))).status).toBe(404);
  });

  it("enters once, however often a part that has it is used", async () => {
    const part = new Framework({ name: "part" }).use(tenantPlugin(world.tenancy));
    const app = new Framework()
      .use(part)
      .use(new Framework().use(part).get("/inner", () => world.scope()))
      .get("/", () => world.scope());
    expect(await (await app.handle(at("acme"))).text()).toBe("acme");
    expect(world.resolved).toHaveLength(1);
    expect(await (await app.handle(at("globex", "/inner"))).text()).toBe("globex");
  });

  it("keeps two tenancies of one application apart", async () => {
    const other = createWorld();
    // Using a plugin is when Elysia looks for wrappers that are the same.
    const app = new Framework()
      .use(tenantPlugin(world.tenancy))
      .use(tenantPlugin(other.tenancy))
      .use(new Framework().wrap((handle) => handle))
      .get("/", () => `${world.scope()} ${other.scope()}`);
    expect(await (await app.handle(at("acme"))).text()).toBe("acme acme");
  });

  it("holds in generators, and in the hooks after the response", async () => {
    const app = new Framework()
      .use(tenantPlugin(world.tenancy))
      .onAfterResponse(() => world.note("after"))
      .get("/", async function* generate() {
        for (let left = 3; left > 0; left -= 1) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield `${world.scope()};`;
        }
      });
    const texts = await Promise.all(
      ["acme", "globex"].map(async (slug) => {
        const { body } = await app.handle(at(slug));
        let text = "";
        // Elysia puts strings into the stream, which `text()` would refuse.
        for await (const chunk of body ?? []) text += String(chunk);
        return text;
      }),
    );
    expect(texts).toEqual(["acme;".repeat(3), "globex;".repeat(3)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.events.toSorted()).toEqual(["after:acme", "after:globex"]);
  });

  it("leaves no scope to what is handled next", async () => {
    const app = new Framework()
      .use(tenantPlugin(world.tenancy, { skip: ({ url }) => url.endsWith("/health") }))
      .get("/health", () => world.scope())
      .get("/", () => world.scope());
    expect(await (await app.handle(at("acme"))).text()).toBe("acme");
    expect(world.scope()).toBe("none");
    expect(await (await app.handle(at("acme", "/health"))).text()).toBe("none");
  });

  it("goes on to no route when it refuses, whatever an application's handler returns", async () => {
    const app = new Framework()
      .use(
        tenantPlugin(world.tenancy, {
          handlers: {
            maintenance: async () => {
              await new Promise((resolve) => setTimeout(resolve, 1));
              return new Response("closed", { status: 402 });
            },
            provisioning: async () => undefined,
            suspended: () => undefined,
          },
        }),
      )
      .get("/", () => "reached")
      .get("/tenant", () => "reached", {
        beforeHandle: requireTenant({ handler: () => undefined }),
      })
      .get("/later", () => "reached", {
        beforeHandle: requireTenant({ handler: async () => undefined }),
      });
    const ask = async (slug: string, path = "/"): Promise<unknown[]> => {
      const response = await app.handle(at(slug, path));
      return [response.status, (await response.text()).includes("reached")];
    };
    expect(await ask("suspended")).toEqual([403, false]);
    expect(await ask("provisioning")).toEqual([503, false]);
    expect(await ask("maintenance")).toEqual([402, false]);
    expect(await ask("admin", "/tenant")).toEqual([404, false]);
    expect(await ask("admin", "/later")).toEqual([404, false]);
    expect(await ask("acme", "/later")).toEqual([200, true]);
  });

  it("holds where errors and paths without a route are answered, and in what is mounted", async () => {
    const inner = new Framework().get("/in", () => `mounted ${world.scope()}`);
    const app = new Framework()
      .use(tenantPlugin(world.tenancy))
      .onError(({ code }) => new Response(`${code} ${world.scope()}`))
      .mount("/mounted", inner.handle)
      .mount("/plain", () => new Response(world.scope()))
      .group("/group", (group) =>
        group.resolve(() => ({ seen: world.scope() })).get("/", ({ seen }) => seen),
      )
      .get("/throw", () => {
        throw new Error("thrown");
      });
    const ask = async (slug: string, path: string): Promise<string> =>
      await (await app.handle(at(slug, path))).text();
    const texts: Record<string, string> = {
      "/group/": "",
      "/mounted/in": "mounted ",
      "/nowhere": "NOT_FOUND ",
      "/plain/x": "",
      "/throw": "UNKNOWN ",
    };
    const jobs = Object.entries(texts).flatMap(([path, text]) =>
      ["acme", "globex"].map(async (slug) => {
        expect([path, await ask(slug, path)]).toEqual([path, `${text}${slug}`]);
      }),
    );
    await Promise.all(jobs);
  });

  it("refuses an application that would ignore it", async () => {
    const plugin = tenantPlugin(world.tenancy);
    const code = "INVALID_CONFIG";
    const ignoring = new Framework({ aot: false });
    expect(() => ignoring.use(plugin)).toThrow(expect.objectContaining({ code }));
    // Hidden in a part, it is found out by the first request.
    const part = new Framework().use(plugin);
    const errors: unknown[] = [];
    const app = new Framework({ aot: false })
      .onError(({ error }) => void errors.push(error))
      .use(part)
      .get("/", () => world.scope());
    expect((await app.handle(at("acme"))).status).toBe(500);
    expect(errors).toMatchObject([{ code }]);
    const unsupported = expect.objectContaining({ code: "UNSUPPORTED_PEER" });
    expect(() => plugin({} as never)).toThrow(unsupported);
  });
});

describe("the health handler", () => {
  it("is a route like others", async () => {
    const { healthHandler } = await import("../../../src/integrations/http/elysia/index.ts");
    const world = createWorld();
    const tenancy = {
      healthCheck: () => Promise.reject(new Error("not called")),
      list: () => Promise.resolve({ nextCursor: undefined, tenants: [] }),
      logger: world.tenancy.logger,
    };
    const app = new Elysia().get("/health", healthHandler(tenancy));
    const response = await app.handle(at("nobody", "/health"));
    expect([response.status, await response.json()]).toMatchObject([200, { status: "ok" }]);
  });
});
