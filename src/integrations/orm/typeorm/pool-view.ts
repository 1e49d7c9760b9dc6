import { EventEmitter } from "node:events";
import type { Scope } from "../../../core/scope.ts";
import type { OrmTenancy } from "./peer.ts";
import type { Connection } from "./peer.ts";

type Callback = (error: unknown, connection?: Connection, release?: unknown) => void;
type Take = (this: unknown, callback?: Callback) => unknown;

/** In which scope a connection that TypeORM has taken is. */
export type ConnectionScopes = WeakMap<Connection, Scope>;

/**
 * Returns a view of the application's pool that TypeORM may take for its own: it may end it, and listen
 * to it, and nothing of that remains.
 *
 * It notes the scope of each connection, as the scope in force may be another when an entity arrives
 * over it.
 */
export function viewPool(tenancy: OrmTenancy, scopes: ConnectionScopes): object {
  const pool = tenancy.pool as EventEmitter & { [name in "connect" | "getConnection"]?: Take };
  const added: [event: string, listener: () => void][] = [];

  const note = (connection: Connection | undefined, scope: Scope | undefined): void => {
    if (connection !== undefined && scope !== undefined) scopes.set(connection, scope);
  };
  const taking = (take: Take) => (callback?: Callback) => {
    const scope = tenancy.currentScope();
    if (callback === undefined) {
      return (take.call(pool) as Promise<Connection>).then((connection) => {
        note(connection, scope);
        return connection;
      });
    }
    return take.call(pool, (error, connection, release) => {
      note(connection, scope);
      callback(error, connection, release);
    });
  };

  const view: object = Object.create(pool, {
    end: {
      value: (callback?: () => void) => {
        for (const [event, listener] of added.splice(0)) pool.removeListener(event, listener);
        return callback === undefined ? Promise.resolve() : process.nextTick(callback);
      },
    },
  }) as object;
  for (const name of ["connect", "getConnection"] as const) {
    const take = pool[name];
    if (typeof take === "function") Object.defineProperty(view, name, { value: taking(take) });
  }
  // Listeners are counted by a number, which an heir would have for itself.
  for (const name of Object.getOwnPropertyNames(EventEmitter.prototype)) {
    const method = pool[name as "on"] as unknown;
    if (typeof method !== "function" || name === "constructor") continue;
    const bound = (...args: never[]): unknown => {
      const result: unknown = Reflect.apply(method, pool, args);
      if (name === "on") added.push(args as unknown as (typeof added)[number]);
      return result === pool ? view : result;
    };
    Object.defineProperty(view, name, { value: bound });
  }
  return view;
}
