import type { Scope } from "../../../core/scope.ts";
import { lentPool } from "../common/lent-pool.ts";
import type { Connection, OrmTenancy } from "./peer.ts";

type Callback = (error: unknown, connection?: Connection, release?: unknown) => void;
type Take = (callback?: Callback) => unknown;

/** In which scope a connection that TypeORM has taken is. */
export type ConnectionScopes = WeakMap<Connection, Scope>;

/**
 * Lends the application's pool to TypeORM, and notes the scope of each connection: the scope in force may
 * be another when an entity arrives over it.
 */
export function viewPool(tenancy: OrmTenancy, scopes: ConnectionScopes): object {
  const view = lentPool(tenancy.pool).pool as { [name in "connect" | "getConnection"]?: Take };
  const note = (connection: Connection | undefined, scope: Scope | undefined): void => {
    if (connection !== undefined && scope !== undefined) scopes.set(connection, scope);
  };
  const noting =
    (take: Take): Take =>
    (callback) => {
      const scope = tenancy.currentScope();
      if (callback === undefined) {
        return (take() as Promise<Connection>).then((connection) => {
          note(connection, scope);
          return connection;
        });
      }
      return take((error, connection, release) => {
        note(connection, scope);
        callback(error, connection, release);
      });
    };
  for (const name of ["connect", "getConnection"] as const) {
    const take = view[name];
    if (typeof take === "function") view[name] = noting(take);
  }
  return view;
}
