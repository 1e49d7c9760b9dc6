import { afterEach, describe, expect, it, vi } from "vitest";
import { explain, RequestError, statusOf } from "../../../src/admin/api/problem.ts";
import type { Operation } from "../../../src/admin/contract.ts";
import { Live } from "../../../src/admin/live.ts";
import type { Listener } from "../../../src/admin/live-client.ts";
import { OperationRegistry } from "../../../src/admin/operations.ts";
import { RateLimiter } from "../../../src/admin/security/rate-limit.ts";
import { SizeCache } from "../../../src/admin/size-cache.ts";
import { SignIn } from "../../../src/cli/admin/sign-in.ts";
import { isLoopback, ownHosts } from "../../../src/cli/admin/hosts.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { TenancyError } from "../../../src/errors/tenancy-error.ts";
import { MigrationError } from "../../../src/migrate/migration-error.ts";

const listener = (about: Partial<Listener> = {}): Listener => ({
  isAllowed: async () => true,
  person: "ada",
  request: new Request("http://a.test"),
  ...about,
});
const openLive = (): Live =>
  new Live({ onFirst: () => undefined, onLast: () => undefined, operations: () => [] });

const ABOUT = { action: "tenant.migrate", person: "ada", tenant: "acme" };

describe("operations", () => {
  it("are kept for a quarter of an hour, and no more than two hundred of them", async () => {
    let now = 0;
    const told: Operation[] = [];
    const registry = new OperationRegistry(
      (operation) => told.push(operation),
      SILENT_LOGGER,
      () => now,
    );
    const first = await registry.begin(ABOUT, async () => "done");
    expect(told.map(({ state }) => state)).toEqual(["running", "done"]);
    now = 14 * 60_000;
    expect(registry.get(first.id).summary).toBe("done");
    now = 16 * 60_000;
    expect(() => registry.get(first.id)).toThrow(RequestError);
    for (let index = 0; index < 230; index += 1)
      await registry.begin(ABOUT, async () => `${index}`);
    const kept = registry.list();
    expect(kept).toHaveLength(200);
    expect(kept.at(-1)?.summary).toBe("229");
  });

  it("say that they failed without what a server may have quoted", async () => {
    const registry = new OperationRegistry(() => undefined, SILENT_LOGGER);
    const secret = Object.assign(new Error("Key (email)=(ada@example.com) exists"), {
      code: "23505",
    });
    const failure = {
      applied: [],
      file: "20260101_x.sql",
      line: 3,
      schemaName: "tenant_acme",
      statement: "insert into people values ('ada@example.com')",
      statementNumber: 1,
      tenant: "acme",
      version: "20260101",
    };
    const failed = await registry.begin(ABOUT, async () => {
      throw new MigrationError(failure, secret);
    });
    expect(failed.error).toEqual({
      code: "MIGRATION_FAILED",
      message:
        "The migration failed at 20260101_x.sql:3: 23505. The application's log and the command line say more.",
    });
    const odd = await registry.begin(ABOUT, () => Promise.reject(secret));
    expect(odd.error?.code).toBe("INTERNAL");
    expect(JSON.stringify([failed, odd])).not.toContain("ada@example.com");
  });

  it("end when they are asked to, if they can, and all of them with the console", async () => {
    const registry = new OperationRegistry(() => undefined, SILENT_LOGGER);
    const untilAborted = ({ signal }: { signal: AbortSignal }): Promise<string> =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped")));
    const stubborn = await registry.begin(ABOUT, untilAborted);
    expect(stubborn.state).toBe("running");
    expect(() => registry.stop(stubborn.id)).toThrow(/many tenants/);
    const polite = await registry.begin(ABOUT, untilAborted, { canStop: true });
    registry.stop(polite.id);
    await expect.poll(() => registry.get(polite.id).summary).toBe("stopped");
    registry.close();
    await expect.poll(() => registry.get(stubborn.id).state).toBe("done");
    await expect(registry.begin(ABOUT, async () => "late")).rejects.toThrow(RequestError);
  });
});

describe("a listener that reads slowly", () => {
  it("gets the newest of each operation, and many changes as one", async () => {
    const live = openLive();
    const response = live.open(null, listener());
    for (let step = 0; step < 1000; step += 1) {
      const operation = { id: "one", summary: `${step}` } as Operation;
      live.publish({ operation, type: "operation" });
      live.publish({ tenant: `t${step}`, type: "changed", what: "tenants" });
    }
    live.close();
    const text = await response.text();
    expect(text.length).toBeLessThan(40_000);
    expect(live.listeners).toBe(0);
    await expect(async () => live.open(null, listener())).rejects.toThrow("Too many");
  });

  it("is let go when it reads nothing any more", async () => {
    let isOver = false;
    const live = new Live({
      onFirst: () => undefined,
      onLast: () => {
        isOver = true;
      },
      operations: () => [],
    });
    const controller = new AbortController();
    const request = new Request("http://a.test", { signal: controller.signal });
    live.open(null, listener({ request }));
    controller.abort();
    expect(isOver).toBe(true);
  });
});

describe("a listener", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is asked who it is twice a minute, and hears no more once nobody may know", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const live = openLive();
    let asked = 0;
    let isAllowed = true;
    const response = live.open(
      null,
      listener({
        isAllowed: async () => {
          asked += 1;
          return isAllowed;
        },
      }),
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, live.listeners]).toEqual([2, 1]);
    isAllowed = false;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(live.listeners).toBe(0);
    live.publish({ tenant: "secret", type: "changed", what: "tenants" });
    expect(await response.text()).not.toContain("secret");
  });

  it("is let go when nobody says whether it may, and after a quarter of an hour", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const live = openLive();
    live.open(null, listener({ isAllowed: () => new Promise(() => undefined) }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.listeners).toBe(0);
    // Somebody who reads.
    const reading = live.open(null, listener()).text();
    await vi.advanceTimersByTimeAsync(14 * 60_000);
    expect(live.listeners).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(live.listeners).toBe(0);
    expect(await reading).toContain("still here");
  });

  it("leaves room for others", () => {
    const live = openLive();
    for (let tab = 0; tab < 50; tab += 1) live.open(null, listener());
    expect(() => live.open(null, listener())).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED" }),
    );
    live.open(null, listener({ person: "bob" }));
    live.close();
  });
});

describe("the rate limit", () => {
  it("is each person's own, and fills again", () => {
    let now = 0;
    const limiter = new RateLimiter({ burst: 2, perMinute: 6 }, () => now);
    limiter.take("ada");
    limiter.take("ada");
    expect(() => limiter.take("ada")).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", headers: { "retry-after": "10" } }),
    );
    limiter.take("bob");
    now = 10_000;
    limiter.take("ada");
    expect(() => limiter.take("ada")).toThrow(RequestError);
    for (const limit of [{ burst: 0 }, { perMinute: 0 }, { perMinute: Number.NaN }]) {
      expect(() => new RateLimiter(limit)).toThrow(TenancyError);
    }
  });
});

describe("sizes", () => {
  it("are asked for once a minute, and waited for by nobody", async () => {
    let now = 0;
    let asked = 0;
    let told = 0;
    const cache = new SizeCache(
      async () => {
        asked += 1;
        if (asked === 2) throw new Error("away");
        return [{ bytes: asked, slug: "acme", tables: 1 }];
      },
      () => (told += 1),
      () => now,
    );
    cache.refresh();
    cache.refresh();
    expect(cache.value).toBeNull();
    await expect.poll(() => cache.value?.[0]?.bytes).toBe(1);
    for (const minutes of [1, 2]) {
      now = minutes * 61_000;
      cache.refresh();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([asked, told, cache.value?.[0]?.bytes]).toEqual([3, 2, 3]);
  });
});

describe("a link of kirayedar admin", () => {
  it("works once, within five minutes, and the next one kills it", () => {
    let now = 0;
    const signIn = new SignIn(4000, () => now);
    expect(signIn.exchange("")).toBeUndefined();
    const [old, token] = [signIn.newToken(), signIn.newToken()];
    expect(signIn.exchange(old)).toBeUndefined();
    const cookie = signIn.exchange(token) ?? "";
    expect(signIn.exchange(token)).toBeUndefined();
    expect(signIn.isSignedIn(cookie.split(";")[0] ?? "")).toBe(true);
    for (const other of [null, "", "kirayedar-admin-4000=x", cookie.replace("4000", "4001")]) {
      expect(signIn.isSignedIn(other)).toBe(false);
    }
    const late = signIn.newToken();
    now = 5 * 60_000 + 1;
    expect(signIn.exchange(late)).toBeUndefined();
  });

  it("is for this machine, under its own names", () => {
    expect(["127.0.0.1", "127.9.9.9", "::1", "localhost"].every(isLoopback)).toBe(true);
    expect(["0.0.0.0", "::", "192.168.0.1", "127.0.0.1.evil.test", ""].some(isLoopback)).toBe(
      false,
    );
    expect(ownHosts("127.0.0.1", 4000)).toEqual(["127.0.0.1:4000", "localhost:4000", "[::1]:4000"]);
    expect(ownHosts("0.0.0.0", 80)).toContain("localhost");
  });
});

describe("a problem", () => {
  it("has the status of its code", () => {
    const statusFor = (code: "SEED_FAILED" | "TENANT_BUSY" | "TENANT_NOT_FOUND"): number =>
      statusOf(new TenancyError(code, "It is so."));
    expect([
      statusFor("TENANT_NOT_FOUND"),
      statusFor("TENANT_BUSY"),
      statusFor("SEED_FAILED"),
    ]).toEqual([404, 409, 422]);
    expect([statusOf(new Error("x")), explain("x").code]).toEqual([500, "INTERNAL"]);
  });
});
