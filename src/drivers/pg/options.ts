import type pgModule from "pg";
import type { PoolConfig } from "pg";

/** How statements are prepared. */
export interface PreparedStatementsOptions {
  /**
   * How many a connection keeps; the least recently used one is closed for the next. Default 1,024.
   * A prepared statement costs its backend about 9 KB for every tenant and text.
   */
  readonly max?: number;
  /**
   * At which use of a text by a tenant, on one connection, it is prepared. Default 2: texts that are used once
   * (values written into the SQL) never are.
   */
  readonly after?: number;
}

/**
 * Options of the `pg` driver: all of `pg.Pool`'s own, and these.
 *
 * @see https://node-postgres.com/apis/pool
 */
export interface PgOptions extends PoolConfig {
  /**
   * The application's own copy of `pg`, where it is not the one that `import "pg"` finds here.
   * ORMs test pools with `instanceof`, so it must be theirs.
   */
  readonly pg?: typeof pgModule;
  /**
   * Set to `"transaction"` when a pooler such as PgBouncer stands between that gives a server
   * connection to one transaction at a time. Nothing then relies on the session: no prepared
   * statements, and no statement that refuses a transaction block.
   */
  readonly pooler?: "transaction" | undefined;
  /**
   * Connection string that bypasses the pooler, for what needs a session: lifecycle, migrations
   * and notifications. Required for these with `pooler`. Default: the same as the pool's.
   */
  readonly directConnectionString?: string | undefined;
  /**
   * Whether hot statements are prepared by themselves, under a name of each tenant's own.
   * Default: on; off with `pooler`.
   */
  readonly preparedStatements?: boolean | PreparedStatementsOptions;
  /**
   * How many tenants one connection may serve before it is closed between two leases. A backend
   * keeps what it has learned of each tenant's tables until it ends, about 16 KB a table. Default 1,000.
   */
  readonly maxTenantsPerConnection?: number;
  /**
   * Whether one text may hold several statements without `queryMode: "simple"`. Default `false`:
   * an injected second statement is then an error of the protocol.
   */
  readonly allowMultipleStatements?: boolean;
  /** Connections, at most, for lifecycle work and migrations, apart from the pool. Default 4. */
  readonly maintenanceConnections?: number;
}
