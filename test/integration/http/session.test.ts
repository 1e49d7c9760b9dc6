import http from "node:http";
import express from "express";
import session, { MemoryStore } from "express-session";
import { afterEach, describe, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { keyOf } from "../../../src/core/tenant-key.ts";
import { tenantMiddleware } from "../../../src/integrations/http/express/index.ts";
import {
  checkSession,
  sessionGuard,
  type SessionGuardOptions,
  tenantStore,
} from "../../../src/integrations/http/session/index.ts";
import { GLOBAL_SCOPE, scopeOf } from "../../../src/core/scope.ts";
import type { RunningServer } from "./support/app.ts";
import { type Answer, send } from "./support/client.ts";
import { listen } from "./support/listen.ts";
import { createWorld } from "./support/world.ts";

declare module "express-session" {
  interface SessionData {
    user?: string;
  }
}

const world = createWorld();
const tenancy = {
  ...world.tenancy,
  key: (...parts: string[]) => {
    const scope = world.context.current();
    if (scope === undefined) throw new Error("TENANT_REQUIRED");
    return keyOf(scope, parts);
  },
} as Pick<Tenancy, "currentScope" | "enter" | "key" | "logger" | "resolve">;

let server: RunningServer | undefined;
afterEach(() => server?.close());

/** A store that answers in the context of whoever has put it to work, as those with a pool do. */
class QueuedStore extends MemoryStore {
  #queue: (() => void)[] = [];

  override get(
    sid: string,
    callback: (error: unknown, data?: session.SessionData | null) => void,
  ): void {
    super.get(sid, (...results) => {
      this.#queue.push(() => callback(...results));
      if (this.#queue.length === 1) {
        setImmediate(() => {
          for (const job of this.#queue.splice(0)) job();
        });
      }
    });
  }
}

interface AppOptions extends SessionGuardOptions {
  readonly store?: MemoryStore;
  readonly isGuarded?: boolean;
  readonly ownStore?: boolean;
}

async function start({ isGuarded = true, ownStore = false, store, ...options }: AppOptions = {}) {
  const kept = store ?? new MemoryStore();
  const app = express();
  const used = ownStore ? tenantStore(tenancy, kept) : kept;
  const sessions = session({ resave: false, saveUninitialized: false, secret: "s", store: used });
  if (ownStore) app.use(tenantMiddleware(tenancy), sessions);
  else app.use(sessions, tenantMiddleware(tenancy));
  if (isGuarded) app.use(sessionGuard(tenancy, options));
  app.get("/login/:user", (request, response, next) => {
    request.session.regenerate((error: unknown) => {
      if (error !== null && error !== undefined) return next(error);
      request.session.user = request.params.user;
      request.session.save(() => response.redirect("/"));
    });
  });
  app.get("/set/:user", (request, response) => {
    request.session.user = request.params.user;
    response.write("streamed ");
    response.end("set");
  });
  app.get("/who", (request, response) => {
    response.json([request.session.user ?? null, world.scope()]);
  });
  app.get("/reload", (request, response) => {
    request.session.reload(() => {
      request.session.user += "!";
      response.end("reloaded");
    });
  });
  app.get("/forge/:origin", (request, response) => {
    // What a careless application does with what a client sends.
    Object.assign(request.session, { kirayedarOrigin: request.params.origin, user: "mallory" });
    response.end("forged");
  });
  app.get("/move/:user", (request, response) => {
    request.session.user = request.params.user;
    world.context.put(scopeOf(world.tenant("globex")));
    response.end("moved");
  });
  app.use((error: Error, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).json({ error: error.message });
  });
  server = await listen(http.createServer(app));
  const { port } = server;
  return {
    ask: (slug: string, path: string, cookie?: string): Promise<Answer> =>
      send(port, path, {
        headers: cookie === undefined ? {} : { cookie },
        host: `${slug}.example.com`,
      }),
    store: kept,
  };
}

const cookieOf = ({ headers }: Answer): string => headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
const who = (slug: string, user: string | null): string => JSON.stringify([user, slug]);
const refused = '{"error":"wrong_tenant","message":"This session belongs to another tenant."}';

describe("a session", () => {
  it.each(["/login/ann", "/set/ann"])(
    "is refused in another tenant, and stays: %s",
    async (path) => {
      const { ask } = await start();
      const cookie = cookieOf(await ask("acme", path));
      expect(cookie).not.toBe("");
      expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
      for (const other of ["globex", "admin"]) {
        const { body, status } = await ask(other, "/who", cookie);
        expect([status, body]).toEqual([403, refused]);
      }
      expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
    },
  );

  it("is another and empty one in another tenant, if that is asked for", async () => {
    const { ask } = await start({ onWrongTenant: "renew" });
    const cookie = cookieOf(await ask("acme", "/login/ann"));
    expect((await ask("globex", "/who", cookie)).body).toBe(who("globex", null));
    const other = cookieOf(await ask("globex", "/set/bob", cookie));
    expect(other).not.toBe(cookie);
    expect((await ask("globex", "/who", other)).body).toBe(who("globex", "bob"));
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
  });

  it("of the global scope is refused in tenants, unless it is accepted", async () => {
    const strict = await start();
    const cookie = cookieOf(await strict.ask("admin", "/login/root"));
    expect((await strict.ask("acme", "/who", cookie)).status).toBe(403);
    await server?.close();
    const seen: unknown[] = [];
    const { ask } = await start({
      accept: (begun, here) => {
        seen.push([begun, here.kind]);
        return begun.kind === "global";
      },
      store: strict.store,
    });
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "root"));
    await ask("acme", "/reload", cookie);
    expect((await ask("admin", "/who", cookie)).body).toBe(who("global", "root!"));
    seen.length = 0;
    const own = cookieOf(await ask("acme", "/login/ann"));
    expect((await ask("globex", "/who", own)).status).toBe(403);
    expect((await ask("admin", "/who", own)).status).toBe(403);
    expect(seen).toHaveLength(2);
  });

  it("of nobody knows where is refused, unless it may be adopted", async () => {
    const before = await start({ isGuarded: false });
    const cookie = cookieOf(await before.ask("acme", "/login/ann"));
    await server?.close();
    const strict = await start({ store: before.store });
    expect((await strict.ask("acme", "/who", cookie)).status).toBe(403);
    await server?.close();
    const { ask } = await start({ store: before.store, unmarked: "adopt" });
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
    expect((await ask("globex", "/who", cookie)).status).toBe(403);
  });

  it("does not become another tenant's by what is put into it", async () => {
    const { ask } = await start();
    const forged = `/forge/${encodeURIComponent(`tenant ${world.tenant("globex").id}`)}`;
    const fresh = cookieOf(await ask("acme", forged));
    const begun = cookieOf(await ask("acme", "/login/ann"));
    await ask("acme", forged, begun);
    for (const cookie of [fresh, begun]) {
      expect((await ask("globex", "/who", cookie)).status).toBe(403);
      expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "mallory"));
    }
  });

  it("is made for nobody who only looks", async () => {
    const { ask, store } = await start();
    expect((await ask("acme", "/who")).headers["set-cookie"]).toBeUndefined();
    const count = await new Promise((resolve) => {
      store.length((_, length) => resolve(length));
    });
    expect(count).toBe(0);
  });

  it("is needed by its guard, whose options are checked", () => {
    const errors: unknown[] = [];
    sessionGuard(tenancy)({} as never, {} as never, (error) => errors.push(error));
    expect(errors).toEqual([expect.objectContaining({ code: "INVALID_CONFIG" })]);
    for (const options of [{ onWrongTenant: "no" }, { unmarked: 1 }, { accept: true }]) {
      expect(() => sessionGuard(tenancy, options as never)).toThrow(/INVALID_CONFIG/);
    }
  });

  it("of any kind is checked by a function", () => {
    const acme = scopeOf(world.tenant("acme"));
    const globex = scopeOf(world.tenant("globex"));
    const data: Record<string, unknown> = {};
    world.context.enter(acme, () => checkSession(tenancy, data));
    data["user"] = "ann";
    const copy = JSON.parse(JSON.stringify(data)) as object;
    world.context.enter(acme, () => checkSession(tenancy, copy));
    const wrong = expect.objectContaining({ code: "WRONG_TENANT", tenant: "globex" });
    expect(() => world.context.enter(globex, () => checkSession(tenancy, copy))).toThrow(wrong);
    for (const scope of [GLOBAL_SCOPE, undefined]) {
      expect(() => world.context.enter(scope, () => checkSession(tenancy, copy))).toThrow(
        /WRONG_TENANT/,
      );
    }
    expect(() => checkSession(tenancy, { user: "ann" })).toThrow(/WRONG_TENANT/);
  });
});

describe("a tenant's store of sessions", () => {
  it("knows no session of another tenant", async () => {
    const { ask } = await start({ isGuarded: false, ownStore: true });
    const cookie = cookieOf(await ask("acme", "/login/ann"));
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
    expect((await ask("globex", "/who", cookie)).body).toBe(who("globex", null));
    await ask("globex", "/login/bob", cookie);
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
  });

  it("answers in the scope of the request, whoever's context the answer comes in", async () => {
    const { ask } = await start({ isGuarded: false, ownStore: true, store: new QueuedStore() });
    const slugs = ["acme", "odd", "globex"];
    const cookies = await Promise.all(
      slugs.map(async (slug) => cookieOf(await ask(slug, `/login/${slug}`))),
    );
    const answers = Array.from({ length: 60 }, async (_, job) => {
      const { body } = await ask(slugs[job % 3]!, "/who", cookies[job % 3]);
      return body === who(slugs[job % 3]!, slugs[job % 3]!);
    });
    expect(new Set(await Promise.all(answers))).toEqual(new Set([true]));
  });

  it("does not take a session along to another tenant", async () => {
    const { ask } = await start({ isGuarded: false, ownStore: true });
    const cookie = cookieOf(await ask("acme", "/login/ann"));
    await ask("acme", "/move/mallory", cookie);
    expect((await ask("globex", "/who", cookie)).body).toBe(who("globex", null));
    expect((await ask("acme", "/who", cookie)).body).toBe(who("acme", "ann"));
  });

  it("calls back once, also where what is called throws", () => {
    class Direct extends MemoryStore {
      override get(_sid: string, callback: (error: unknown, data?: null) => void): void {
        callback(null, null);
      }
    }
    const store = tenantStore(tenancy, new Direct());
    const calls: unknown[] = [];
    const get = (): void =>
      store.get("1", (...results) => {
        calls.push(results);
        throw new Error("of the application");
      });
    expect(() => world.context.enter(GLOBAL_SCOPE, get)).toThrow("of the application");
    expect(calls).toEqual([[null, null]]);
  });

  it("gives the sessions of all tenants to nobody, and none without a scope", async () => {
    const store = tenantStore(tenancy, new MemoryStore());
    expect([typeof store.all, typeof store.clear]).toEqual(["undefined", "undefined"]);
    const error = await new Promise((resolve) => store.get("1", resolve));
    expect(error).toEqual(expect.objectContaining({ message: "TENANT_REQUIRED" }));
  });
});
