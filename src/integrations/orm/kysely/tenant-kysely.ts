import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { boundOrms, type ForTenant } from "../common/bound-orms.ts";
import { type LentPool, lentPool } from "../common/lent-pool.ts";
import { releaseWhereNotBegun } from "../common/not-begun.ts";
import { poolCheck } from "./pool-check.ts";

/** The part of a `Kysely` that is used here, so that `kysely` stays an optional peer. */
export interface KyselyLike {
  /** Returns the same with one more plugin. */
  withPlugin(plugin: never): unknown;
  /** Returns the same with a schema in front of every table's name. */
  withSchema(schema: string): unknown;
}

/** Kysely of one tenancy, in both forms. */
export interface TenantKysely<Db> {
  /** Queries in the scope in force where a query is executed, or a transaction is begun. */
  readonly db: Db;
  /**
   * Returns the same bound to one tenant: over a pool that reads no ambient scope, for raw `sql` too, and
   * with the tenant's schema in front of every table's name.
   *
   * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`, `INVALID_TENANT_ID`
   */
  readonly forTenant: ForTenant<Db>;
}

/**
 * Puts an application's Kysely on a tenancy's pool. `destroy()` ends the Kysely, and not the pool.
 *
 * @param make - makes the application's Kysely over the pool that it is given; called once for the ambient
 *   form, and once for each tenant of the bound one
 * @throws TenancyError `UNSUPPORTED_PEER` for a Kysely before 0.28; `INVALID_CONFIG` when `make` takes no
 *   pool. One that is given to it and not used is noticed with the first answer, which is withheld.
 * @example
 * const { db, forTenant } = tenantKysely(
 *   tenancy,
 *   (pool) => new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }),
 * );
 */
export function tenantKysely<Pool, Db extends KyselyLike>(
  tenancy: Pick<Tenancy<Pool>, "pool" | "tenant">,
  make: (pool: Pool) => Db,
): TenantKysely<Db> {
  if (make.length === 0) {
    throw new TenancyError("INVALID_CONFIG", "The function that makes the Kysely takes no pool.", {
      remedy: "Give the pool that it is called with to the dialect.",
    });
  }
  const open = (lent: LentPool<Pool>): Db => {
    const db = checkVersion(make(watchBeginnings(lent.pool)));
    return db.withPlugin(poolCheck(lent) as never) as Db;
  };
  const lents = new WeakMap<Db, LentPool<Pool>>();
  return {
    db: open(lentPool(tenancy.pool)),
    forTenant: boundOrms({
      isEnded: (db) => lents.get(db)?.isEnded() === true,
      make: ({ pool, tenant }) => {
        const lent = lentPool(pool);
        const bound = open(lent).withSchema(tenant.schemaName) as Db;
        lents.set(bound, lent);
        return bound;
      },
      tenancy,
    }),
  };
}

/** The two ways in which Kysely takes a connection. */
interface NativePool {
  connect?(): Promise<object>;
  getConnection?(callback: (error: unknown, connection?: object) => void): void;
}

/** Has transactions give their connection back when they cannot begin. */
function watchBeginnings<Pool>(lent: Pool): Pool {
  const pool = lent as NativePool;
  if (typeof pool.connect === "function") {
    const connect = pool.connect.bind(pool);
    pool.connect = async () => releaseWhereNotBegun(await connect());
  }
  if (typeof pool.getConnection === "function") {
    const getConnection = pool.getConnection.bind(pool);
    pool.getConnection = (callback) => {
      getConnection((error, connection) => {
        callback(error, connection && releaseWhereNotBegun(connection));
      });
    };
  }
  return lent;
}

function checkVersion<Db extends KyselyLike>(db: Db): Db {
  // Controlled transactions came with 0.28.
  const methods = ["startTransaction", "withPlugin", "withSchema"];
  const parts = db as unknown as Readonly<Record<string, unknown>> | undefined;
  if (methods.every((method) => typeof parts?.[method] === "function")) return db;
  throw new TenancyError("UNSUPPORTED_PEER", "This is not a Kysely of version 0.28 or later.");
}
