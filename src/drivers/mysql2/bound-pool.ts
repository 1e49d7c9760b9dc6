import { EventEmitter } from "node:events";
import type { Scope } from "../../core/scope.ts";
import type { BasePool, TakeCallback } from "./peer.ts";
import type { ScopedPool } from "./tenant-pool.ts";

const views = new WeakMap<ScopedPool, WeakMap<Scope, BasePool>>();

/**
 * Returns a view of a pool in which every query runs in one scope, whatever the ambient one is.
 *
 * It is the same pool: the same connections and events, and `instanceof` holds. Its `end` does
 * nothing, as the pool is not its own.
 */
export function boundPool(pool: ScopedPool, scope: Scope): BasePool {
  let ofPool = views.get(pool);
  if (ofPool === undefined) views.set(pool, (ofPool = new WeakMap()));
  let view = ofPool.get(scope);
  if (view === undefined) ofPool.set(scope, (view = makeView(pool, scope)));
  return view;
}

function makeView(pool: ScopedPool, scope: Scope): BasePool {
  const read = (): Scope => scope;
  const view = Object.create(pool, {
    end: { value: (callback?: () => void) => callback && process.nextTick(callback) },
    execute: {
      value: (sql: unknown, values?: unknown, callback?: unknown) =>
        pool.executeIn(read, sql, values, callback),
    },
    getConnection: { value: (callback: TakeCallback) => pool.leaseIn(read, callback) },
    query: {
      value: (sql: unknown, values?: unknown, callback?: unknown) =>
        pool.queryIn(read, sql, values, callback),
    },
    releaseConnection: { value: (connection: unknown) => pool.releaseConnection(connection) },
  }) as BasePool;
  // Listeners are counted by a number, which an heir would have for itself.
  for (const name of Object.getOwnPropertyNames(EventEmitter.prototype)) {
    const method = pool[name as "on"] as unknown;
    if (typeof method !== "function" || name === "constructor") continue;
    const bound = (...args: unknown[]): unknown => {
      const result: unknown = Reflect.apply(method, pool, args);
      return result === pool ? view : result;
    };
    Object.defineProperty(view, name, { value: bound });
  }
  return view;
}
