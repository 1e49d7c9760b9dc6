import { AsyncLocalStorage } from "node:async_hooks";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { Tenant } from "./tenant.ts";

/** A scope in which queries run in one tenant's schema. */
export interface TenantScope {
  /** Discriminates {@link Scope}. */
  readonly kind: "tenant";
  /** The tenant whose schema it is. */
  readonly tenant: Tenant;
}

/** A scope in which queries run in the global schema. */
export interface GlobalScope {
  /** Discriminates {@link Scope}. */
  readonly kind: "global";
}

/** What a query runs in. Without one it is refused with `TENANT_REQUIRED`. */
export type Scope = TenantScope | GlobalScope;

/** The one global scope. */
export const GLOBAL_SCOPE: GlobalScope = Object.freeze({ kind: "global" });

const scopes = new WeakMap<Tenant, TenantScope>();

/** Returns the scope of `tenant`; always the same object for the same object. */
export function scopeOf(tenant: Tenant): TenantScope {
  let scope = scopes.get(tenant);
  if (scope === undefined) {
    scope = Object.freeze({ kind: "tenant", tenant });
    scopes.set(tenant, scope);
  }
  return scope;
}

/** Holds the scope of one run; `putTenant` changes it in place, for all that share the run. */
interface Cell {
  readonly owner: object;
  scope: Scope | undefined;
  /** What the run is known by elsewhere, so that nobody gets the cell itself. */
  run?: object;
  /** Nearest cell of another tenancy, so that two tenancies may nest without seeing each other. */
  readonly outer: Cell | undefined;
}

const SLOT = Symbol.for("kirayedar.scope");

/**
 * One storage for every copy of this package in the process, made on first use: an active
 * `AsyncLocalStorage` makes every `await` of the process a little slower.
 */
function storage(): AsyncLocalStorage<Cell> {
  const holder = globalThis as { [SLOT]?: AsyncLocalStorage<Cell> };
  return (holder[SLOT] ??= new AsyncLocalStorage<Cell>());
}

/**
 * Calls a function in no scope of any tenancy, for what outlives the scope in which it is needed
 * first: a connection, whose events would otherwise be that scope's for ever.
 */
export function outsideScope<T>(fn: () => T): T {
  return storage().run(undefined as unknown as Cell, fn);
}

/** Calls a function in a scope that was captured earlier, and returns what it returns, unawaited. */
export type InScope = <T>(fn: () => T) => T;

/**
 * Returns a function that calls others in the scope in force here, for what is called from elsewhere
 * later: event listeners, pulls of a stream.
 *
 * It is the same scope, not a copy: `put` on either side is seen on both. Every other async context
 * stays as it is where the returned function is called.
 */
export function captureScope(): InScope {
  const slot = storage();
  const captured = slot.getStore();
  return (fn) => {
    let cell = slot.getStore();
    while (cell !== captured && cell !== undefined) cell = cell.outer;
    return cell === captured && captured !== undefined ? fn() : slot.run(captured as Cell, fn);
  };
}

/**
 * The ambient scope of one tenancy.
 *
 * A scope follows promises, timers, streams and callbacks that are started inside it; it ends for
 * the caller when the call returns. Nothing is ever entered without a function to leave it again.
 */
export class ScopeContext {
  #storage: AsyncLocalStorage<Cell> | undefined;

  /** Returns the scope in force, or `undefined` when there is none. */
  current(): Scope | undefined {
    return this.#cell()?.scope;
  }

  /** Returns what stands for the nearest enclosing run: one object for all that share it. */
  currentRun(): object | undefined {
    const cell = this.#cell();
    return cell && (cell.run ??= {});
  }

  /**
   * Runs `fn` in `scope`, and resolves with its result.
   *
   * `fn` is awaited inside the scope: query builders are lazy thenables, and would otherwise run
   * in the scope of whoever awaits the result.
   *
   * @param scope - what queries run in; `undefined` for none (they are refused until `put`)
   */
  // ISOLATION: the await inside `run` is what keeps lazy builders in scope. unit/core/scope.test.ts
  run<T>(scope: Scope | undefined, fn: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    return this.enter(scope, async (): Promise<Awaited<T>> => await fn());
  }

  /**
   * Calls `fn` in `scope` and returns what it returns, unawaited. For callbacks such as a
   * middleware's `next`, which start work and whose own result does not run queries.
   */
  enter<T>(scope: Scope | undefined, fn: () => T): T {
    this.#storage ??= storage();
    const inner = this.#storage.getStore();
    const outer = inner?.owner === this ? inner.outer : inner;
    return this.#storage.run({ owner: this, scope, outer }, fn);
  }

  /**
   * Changes the scope of the nearest enclosing run, for everything that shares it.
   *
   * @throws TenancyError `SCOPE_REQUIRED` outside any run: there would be nothing to end it
   */
  put(scope: Scope | undefined): void {
    const cell = this.#cell();
    if (cell === undefined) {
      throw new TenancyError("SCOPE_REQUIRED", "There is no enclosing scope to change.");
    }
    cell.scope = scope;
  }

  #cell(): Cell | undefined {
    let cell = this.#storage?.getStore();
    while (cell !== undefined && cell.owner !== this) cell = cell.outer;
    return cell;
  }
}
