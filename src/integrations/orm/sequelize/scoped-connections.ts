import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type Reading, type Take, takeMysql2, takePg } from "./connection.ts";
import { EnumArrays } from "./enum-arrays.ts";
import type { Connection, SequelizeInternals } from "./peer.ts";

/**
 * Gives a Sequelize the connections of the tenancy's pool, in place of its own.
 *
 * Sequelize takes no pool. Its own cannot be used: it makes connections in the async context of whoever
 * happens to give one back, it keeps what it has taken, and a hook that switches its connections
 * (`afterPoolAcquire`) costs a round trip, knows nothing of what a session holds, and loses a place in
 * the pool whenever it throws. So every statement and transaction gets a lease of the tenancy's pool, bound
 * to the scope in which it was asked for, and what the driver guarantees holds.
 */
export class ScopedConnections {
  readonly #sequelize: SequelizeInternals;
  readonly #tenancy: Tenancy;
  readonly #take: Take;
  readonly #reading: Reading;
  readonly #enums: EnumArrays | undefined;
  readonly #scopes = new WeakMap<object, Scope>();
  #isClosed = false;
  #learning: Promise<void> | undefined;

  constructor(sequelize: SequelizeInternals, tenancy: Tenancy) {
    const { connectionManager: manager } = sequelize;
    this.#sequelize = sequelize;
    this.#tenancy = tenancy;
    if (sequelize.getDialect() === "postgres") {
      const enums = new EnumArrays(sequelize);
      this.#take = takePg;
      this.#enums = enums;
      this.#reading = {
        types: {
          getTypeParser: (oid: number, format?: string) =>
            enums.parserOf(oid) ?? manager.getTypeParser?.(oid, format),
        },
      };
    } else {
      const { _typecast } = manager.constructor as unknown as { _typecast: Reading["typeCast"] };
      this.#take = takeMysql2;
      this.#reading = { typeCast: _typecast?.bind(manager) };
    }
    manager.getConnection = (options = {}) => this.#get(options);
    manager.releaseConnection = (connection) => connection.release(connection._invalid === true);
    manager.destroyConnection = async (connection) => connection.release(true);
    // ISOLATION: nothing gets a connection but by the above; Sequelize's own have no scope.
    // integration/orm/sequelize/wiring.test.ts
    manager._connect = async () => {
      throw new TenancyError("INVALID_CONFIG", "Sequelize went to open a connection of its own.");
    };
    // The pool is the tenancy's.
    manager.close = async () => {
      this.#isClosed = true;
    };
  }

  /** Returns the scope of a connection that is taken. */
  scopeOf(connection: object): Scope | undefined {
    return this.#scopes.get(connection);
  }

  // ISOLATION: the scope is read here, where a statement or a transaction asks, and the lease is bound to
  // it: it may be given in the context of whoever gives one back. leak/orm/sequelize.test.ts
  async #get(options: object): Promise<Connection> {
    if (this.#isClosed) {
      throw new TenancyError("TENANCY_CLOSED", "A query was sent after `sequelize.close()`.", {
        remedy: "Make another Sequelize; the tenancy itself is open.",
      });
    }
    const scope = this.#tenancy.currentScope();
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A query of Sequelize was sent in no scope.");
    }
    await this.#sequelize.runHooks("beforePoolAcquire", options);
    const pool = this.#tenancy.bindPool(scope).pool as object;
    const connection = await this.#take(pool, this.#reading);
    this.#scopes.set(connection, scope);
    try {
      await this.#becomeReady(connection);
      await this.#enums?.learn(connection, scope);
      await this.#sequelize.runHooks("afterPoolAcquire", connection, options);
      return connection;
    } catch (error) {
      connection.release(true);
      throw error;
    }
  }

  /** Waits for what another connection learns; if that fails, it is asked on this one. */
  async #becomeReady(connection: Connection): Promise<void> {
    const isFirst = this.#learning === undefined;
    try {
      await (this.#learning ??= this.#learn(connection));
    } catch (error) {
      if (isFirst) throw error;
      await this.#becomeReady(connection);
    }
  }

  /** Learns of the server what Sequelize asks it when it opens its first connection. */
  async #learn(connection: Connection): Promise<void> {
    const { connectionManager: manager, options } = this.#sequelize;
    try {
      if (options.databaseVersion === 0) {
        const logging = (): void => undefined;
        const found = await this.#sequelize.databaseVersion({
          logging,
          transaction: { connection },
        });
        const [version = "0.0.0"] = /\d+\.\d+(?:\.\d+)?/.exec(found) ?? [];
        options.databaseVersion = /\..*\./.test(version) ? version : `${version}.0`;
      }
      if (this.#enums !== undefined) {
        await manager._refreshDynamicOIDs?.({ query: () => connection.query(BASE_TYPES) });
      }
    } catch (error) {
      this.#learning = undefined;
      throw error;
    }
  }
}

/**
 * The types that every tenant has. Sequelize asks for those of all schemas, which with many tenants is the
 * array type of each of their tables.
 */
const BASE_TYPES = `select t.typname, t.typtype, t.oid, t.typarray, r.rngtypname, r.rngtypid, r.rngtyparray
from pg_catalog.pg_type t
left join (
  select pg_range.rngtypid, p.typname as rngtypname, p.typarray as rngtyparray, pg_range.rngsubtype
  from pg_catalog.pg_range left join pg_catalog.pg_type p on p.oid = pg_range.rngtypid
) r on t.oid = r.rngsubtype
where t.typtype = 'b' and t.typelem = 0`;
