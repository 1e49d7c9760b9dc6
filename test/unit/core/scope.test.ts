import { AsyncResource } from "node:async_hooks";
import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { GLOBAL_SCOPE, type Scope, ScopeContext, scopeOf } from "../../../src/core/scope.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const [ACME, GLOBEX] = [fakeTenant("acme"), fakeTenant("globex")];

function named(scope: Scope | undefined): string | undefined {
  return scope?.kind === "tenant" ? scope.tenant.slug : scope?.kind;
}

describe("ScopeContext", () => {
  const context = new ScopeContext();
  const current = (): string | undefined => named(context.current());
  const inAcme = <T>(fn: () => T | PromiseLike<T>) => context.run(scopeOf(ACME), fn);
  const inGlobex = <T>(fn: () => T | PromiseLike<T>) => context.run(scopeOf(GLOBEX), fn);

  it("has no scope outside a run", () => {
    expect(context.current()).toBeUndefined();
  });

  it("resolves with what the function returns, or resolves with", async () => {
    expect(await inAcme(() => 1)).toBe(1);
    expect(await inAcme(async () => 2)).toBe(2);
  });

  it("nests, and restores the outer scope after each level", async () => {
    const seen: (string | undefined)[] = [];
    const note = (): number => seen.push(current());
    await inAcme(async () => {
      note();
      await inGlobex(async () => {
        note();
        await context.run(GLOBAL_SCOPE, note);
        note();
      });
      await sleep(1);
      note();
    });
    note();
    expect(seen).toEqual(["acme", "globex", "global", "globex", "acme", undefined]);
  });

  it("has one object for each run, whatever its scope becomes", async () => {
    expect(context.currentRun()).toBeUndefined();
    await inAcme(async () => {
      const run = context.currentRun();
      expect(run).toBeDefined();
      expect(await inAcme(() => context.currentRun())).not.toBe(run);
      await sleep(1);
      context.put(scopeOf(GLOBEX));
      expect(context.currentRun()).toBe(run);
    });
  });

  it("restores the outer scope when the function throws or rejects", async () => {
    await inAcme(async () => {
      const thrown = inGlobex(() => {
        throw new Error("thrown");
      });
      await expect(thrown).rejects.toThrow("thrown");
      await expect(inGlobex(() => Promise.reject(new Error("rejected")))).rejects.toThrow(
        "rejected",
      );
      expect(current()).toBe("acme");
    });
    expect(current()).toBeUndefined();
  });

  it("awaits a lazy thenable inside the scope", async () => {
    const builder = {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders are such objects
      then: (resolve: (value: string | undefined) => void) => resolve(current()),
    };
    expect(await inAcme(() => builder as PromiseLike<string | undefined>)).toBe("acme");
  });

  it("is inherited by timers, microtasks and immediates", async () => {
    const seen = await inAcme(() =>
      Promise.all([
        new Promise((resolve) => setTimeout(() => resolve(current()), 2)),
        new Promise((resolve) => setImmediate(() => resolve(current()))),
        new Promise((resolve) => queueMicrotask(() => resolve(current()))),
        new Promise((resolve) => process.nextTick(() => resolve(current()))),
        sleep(1).then(current),
      ]),
    );
    expect(seen).toEqual(["acme", "acme", "acme", "acme", "acme"]);
  });

  it("is kept by work that goes on after the run has ended", async () => {
    let later: Promise<string | undefined> | undefined;
    await inAcme(() => {
      later = sleep(5).then(current);
    });
    expect(current()).toBeUndefined();
    expect(await later).toBe("acme");
  });

  it("is kept while a stream is read in it", async () => {
    const seen: (string | undefined)[] = [];
    const stream = Readable.from(
      (async function* chunks() {
        for (let chunk = 0; chunk < 3; chunk += 1) {
          await sleep(1);
          yield chunk;
        }
      })(),
    );
    await inAcme(async () => {
      for await (const _ of stream) seen.push(current());
    });
    expect(seen).toEqual(["acme", "acme", "acme"]);
  });

  it("is kept by a generator that stops early", async () => {
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (let number = 0; ; number += 1) yield number;
      } finally {
        await sleep(1);
      }
    }
    await inAcme(async () => {
      for await (const number of numbers()) if (number === 2) break;
      expect(current()).toBe("acme");
    });
  });

  it("is that of whoever emits an event, unless the listener was bound", async () => {
    const emitter = new EventEmitter();
    const seen: (string | undefined)[] = [];
    await inAcme(() => {
      emitter.on("event", () => seen.push(current()));
      emitter.on(
        "event",
        AsyncResource.bind(() => seen.push(current())),
      );
    });
    await inGlobex(() => emitter.emit("event"));
    expect(seen).toEqual(["globex", "acme"]);
  });

  it("is kept by whoever awaits an event that another scope emits", async () => {
    const emitter = new EventEmitter();
    const waiting = inAcme(async () => {
      await once(emitter, "event");
      return current();
    });
    await inGlobex(() => emitter.emit("event"));
    expect(await waiting).toBe("acme");
  });

  it("never mixes interleaved runs", async () => {
    const mixed = Array.from({ length: 200 }, async (_, index) => {
      const [run, slug] =
        index % 2 === 0 ? ([inAcme, "acme"] as const) : ([inGlobex, "globex"] as const);
      return await run(async () => {
        for (let step = 0; step < 10; step += 1) {
          await (step % 3 === 0 ? sleep(Math.random() * 3) : undefined);
          if (current() !== slug) return true;
        }
        return false;
      });
    });
    expect((await Promise.all(mixed)).filter(Boolean)).toEqual([]);
  });

  it("enters without waiting, and returns what the function returns", async () => {
    const promise = sleep(1);
    expect(context.enter(scopeOf(ACME), () => promise)).toBe(promise);
    expect(context.enter(scopeOf(ACME), current)).toBe("acme");
    expect(current()).toBeUndefined();
    await promise;
  });

  it("puts a scope into the nearest run, for all that share it", async () => {
    await context.run(undefined, async () => {
      expect(current()).toBeUndefined();
      const before = sleep(3).then(current);
      context.put(scopeOf(ACME));
      expect(current()).toBe("acme");
      expect(await before).toBe("acme");
      await inGlobex(() => {
        context.put(GLOBAL_SCOPE);
        expect(current()).toBe("global");
      });
      expect(current()).toBe("acme");
      context.put(undefined);
      expect(current()).toBeUndefined();
    });
    expect(current()).toBeUndefined();
  });

  it("refuses to put a scope outside any run", () => {
    expect(() => context.put(scopeOf(ACME))).toThrow(
      expect.objectContaining({ code: "SCOPE_REQUIRED" }),
    );
    expect(current()).toBeUndefined();
  });

  it("does not see the scope of another tenancy, nested either way", async () => {
    const other = new ScopeContext();
    const both = (): unknown[] => [current(), named(other.current())];
    await inAcme(async () => {
      expect(both()).toEqual(["acme", undefined]);
      expect(() => other.put(GLOBAL_SCOPE)).toThrow(
        expect.objectContaining({ code: "SCOPE_REQUIRED" }),
      );
      await other.run(scopeOf(GLOBEX), async () => {
        expect(both()).toEqual(["acme", "globex"]);
        await context.run(GLOBAL_SCOPE, () => {
          expect(both()).toEqual(["global", "globex"]);
          other.put(GLOBAL_SCOPE);
          context.put(undefined);
          expect(both()).toEqual([undefined, "global"]);
        });
        expect(both()).toEqual(["acme", "global"]);
      });
      expect(both()).toEqual(["acme", undefined]);
    });
  });
});

describe("scopeOf", () => {
  it("returns one frozen object for one tenant", () => {
    expect(scopeOf(ACME)).toBe(scopeOf(ACME));
    expect(scopeOf(ACME)).not.toBe(scopeOf(GLOBEX));
    expect(Object.isFrozen(scopeOf(ACME))).toBe(true);
  });
});
