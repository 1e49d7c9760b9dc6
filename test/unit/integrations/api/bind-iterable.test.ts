import { describe, expect, it } from "vitest";
import { captureScope, GLOBAL_SCOPE, ScopeContext, scopeOf } from "../../../../src/core/scope.ts";
import type { Tenant } from "../../../../src/core/tenant.ts";
import {
  bindIterable,
  isAsyncIterable,
} from "../../../../src/integrations/api/trpc/bind-iterable.ts";

const context = new ScopeContext();
const acme = scopeOf({ id: "1", slug: "acme" } as Tenant);
const scope = (): string => {
  const current = context.current();
  return current?.kind === "tenant" ? current.tenant.slug : (current?.kind ?? "none");
};

function bound<T>(source: AsyncIterable<T>): AsyncIterableIterator<T, unknown> {
  return context.enter(acme, () => bindIterable(source, captureScope(), () => Promise.resolve()));
}

describe("values that come later", () => {
  it("are made in the scope in which they were promised, whoever asks for them", async () => {
    async function* scopes(): AsyncGenerator<string> {
      yield scope();
      await Promise.resolve();
      yield scope();
    }
    const found: string[] = [];
    await context.run(GLOBAL_SCOPE, async () => {
      for await (const value of bound(scopes())) found.push(value, scope());
    });
    expect(found).toEqual(["acme", "global", "acme", "global"]);
  });

  it("end in it too, early or with an error", async () => {
    const ended: string[] = [];
    async function* scopes(): AsyncGenerator<string> {
      try {
        yield scope();
      } catch (error) {
        ended.push(`${String(error)} ${scope()}`);
      } finally {
        ended.push(scope());
      }
    }
    const early = bound(scopes());
    await early.next();
    await early.return?.();
    const failed = bound(scopes());
    await failed.next();
    await failed.throw?.("why");
    expect(ended).toEqual(["acme", "why acme", "acme"]);
  });

  it("end when their tenant is no longer what it was, which is found out before they are given away", async () => {
    const ended: string[] = [];
    async function* scopes(): AsyncGenerator<number> {
      try {
        yield* [1, 2];
      } finally {
        ended.push(scope());
      }
    }
    let checks = 0;
    const check = async (): Promise<void> => {
      checks += 1;
      if (checks > 3) throw new Error("renamed");
    };
    const values = context.enter(acme, () => bindIterable(scopes(), captureScope(), check));
    expect(await values.next()).toEqual({ done: false, value: 1 });
    await expect(values.next()).rejects.toThrow("renamed");
    expect(ended).toEqual(["acme"]);
  });

  it("may come from something that cannot be ended", async () => {
    const source = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: scope() }) }),
    };
    const values = bound(source);
    expect(await values.next()).toEqual({ done: false, value: "acme" });
    expect(await values.return?.("end")).toEqual({ done: true, value: "end" });
    await expect(values.throw?.(new Error("why"))).rejects.toThrow("why");
  });

  it("are told from everything else", () => {
    const others = [null, undefined, "text", [], {}, Promise.resolve()];
    expect(others.filter(isAsyncIterable)).toEqual([]);
  });
});
