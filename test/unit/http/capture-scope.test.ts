import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { captureScope, type InScope, ScopeContext, scopeOf } from "../../../src/core/scope.ts";
import { fakeTenant } from "../../support/pg-world.ts";

const [acme, globex] = [scopeOf(fakeTenant("acme")), scopeOf(fakeTenant("globex"))];

describe("a captured scope", () => {
  it("is in force where the function is called, and only there", () => {
    const context = new ScopeContext();
    const inScope = context.enter(acme, captureScope);
    expect(context.current()).toBeUndefined();
    expect(inScope(() => context.current())).toBe(acme);
    expect(context.current()).toBeUndefined();
    expect(context.enter(globex, () => inScope(() => context.current()))).toBe(acme);
  });

  it("is the same one on both sides when it is changed", () => {
    const context = new ScopeContext();
    const [inScope, read] = context.enter(acme, () => [captureScope(), () => context.current()]);
    inScope(() => context.put(globex));
    expect(inScope(read)).toBe(globex);
  });

  it("is none when none was in force", () => {
    const context = new ScopeContext();
    const inScope = captureScope();
    expect(context.enter(acme, () => inScope(() => context.current()))).toBeUndefined();
  });

  it("leaves every other async context as it is", () => {
    const context = new ScopeContext();
    const storage = new AsyncLocalStorage<string>();
    const inScope = storage.run("before", () => context.enter(acme, captureScope));
    expect(storage.run("after", () => inScope(() => storage.getStore()))).toBe("after");
  });

  it("leaves another tenancy's scope inside it alone", () => {
    const [context, other] = [new ScopeContext(), new ScopeContext()];
    context.enter(acme, () => {
      const inScope: InScope = captureScope();
      other.enter(globex, () => {
        expect(inScope(() => [context.current(), other.current()])).toEqual([acme, globex]);
      });
    });
  });
});
