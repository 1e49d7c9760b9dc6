import type { Tenancy } from "../../../core/tenancy.ts";
import { type KnexScope, rememberConnection, rememberPool } from "../common/knex-scopes.ts";
import { lentPool } from "../common/lent-pool.ts";

/** The two ways in which Knex takes a connection from a native pool. */
interface NativePool {
  connect?(): Promise<object>;
  getConnection?(callback: (error: Error | null, connection?: object) => void): void;
}

/**
 * Lends a pool to a Knex, and remembers the scope of every connection that it takes: a transaction is
 * asked for it later.
 *
 * @param scope - where the pool queries
 */
export function knexPool<Pool>(
  pool: Pool,
  scope: KnexScope,
  tenancy: Pick<Tenancy, "currentScope">,
): Pool {
  const lent = lentPool(pool).pool as NativePool;
  const noteWith = (): ((connection: object) => object) => {
    // In this very call, as the pool itself does.
    const at = scope === "ambient" ? tenancy.currentScope() : scope;
    return (connection) => {
      if (at !== undefined) rememberConnection(connection, at);
      return connection;
    };
  };
  const methods: NativePool = {};
  if (typeof lent.connect === "function") {
    const connect = lent.connect.bind(lent);
    methods.connect = async () => {
      const note = noteWith();
      return note(await connect());
    };
  }
  if (typeof lent.getConnection === "function") {
    const getConnection = lent.getConnection.bind(lent);
    methods.getConnection = (callback) => {
      const note = noteWith();
      getConnection((error, connection) => {
        callback(error, connection && note(connection));
      });
    };
  }
  const own: object = Object.create(lent, Object.getOwnPropertyDescriptors(methods));
  rememberPool(own, { scope, tenancy });
  return own as Pool;
}
