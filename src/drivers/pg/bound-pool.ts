import type { Pool } from "pg";
import type { Scope } from "../../core/scope.ts";
import { answer } from "./answer.ts";
import { type ConnectCallback, type TenantPool, withQueryConfig } from "./tenant-pool.ts";

const views = new WeakMap<TenantPool, WeakMap<Scope, Pool>>();

/**
 * Returns a view of a pool in which every query runs in one scope, whatever the ambient one is.
 *
 * It is the same pool: the same connections and events, and `instanceof` holds. Its `end` does
 * nothing, as the pool is not its own.
 */
export function boundPool(pool: TenantPool, scope: Scope): Pool {
  let ofPool = views.get(pool);
  if (ofPool === undefined) views.set(pool, (ofPool = new WeakMap()));
  let view = ofPool.get(scope);
  if (view === undefined) ofPool.set(scope, (view = makeView(pool, scope)));
  return view;
}

function makeView(pool: TenantPool, scope: Scope): Pool {
  return Object.create(pool, {
    connect: {
      value: (callback?: ConnectCallback) =>
        answer(callback as never, (done) => pool.connectIn(scope, done)),
    },
    end: {
      value: (callback?: () => void) => (callback === undefined ? Promise.resolve() : callback()),
    },
    query: {
      value: (first: never, second?: unknown, third?: unknown) =>
        withQueryConfig(first, second, third, (config, done) => pool.queryIn(scope, config, done)),
    },
  }) as Pool;
}
