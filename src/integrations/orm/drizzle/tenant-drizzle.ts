import { type Scope, scopeOf } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { boundOrms, type ForTenant } from "../common/bound-orms.ts";
import { type DrizzleCache, type DrizzleDatabase, toDatabase } from "./peer.ts";
import { type Enter, scopeQueries, watchBeginnings } from "./scoped-session.ts";
import { isTenantCache } from "./tenant-cache.ts";
import type { TenantTables } from "./tenant-tables.ts";

/** Drizzle over a tenancy, in its two forms. */
export interface TenantDrizzle<Db> {
  /** Runs each query in the scope in force where it is executed, and each transaction where it begins. */
  readonly db: Db;
  /**
   * Returns a database that is bound to one tenant and reads no ambient scope.
   *
   * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`, `INVALID_TENANT_ID`
   */
  readonly forTenant: ForTenant<Db>;
}

/** What {@link tenantDrizzle} may be told beside how a database is made. */
export interface TenantDrizzleOptions<Tables> {
  /** The tables, as `tenantTables` defines them. */
  readonly tables: TenantTables<Tables>;
}

/** A database that has the tables to be used with it. */
export interface WithTables<Tables> {
  /** In a database of one tenant with its schema's name before theirs. */
  readonly $tables: Tables;
}

/**
 * Gives Drizzle the tenants: a database that follows the ambient scope, and one for each tenant.
 *
 * `make` is called at once, and later once for each tenant that `forTenant` is asked for. What it makes is
 * checked: it has to be over the pool that it was given, and its cache, if any, a `tenantCache`.
 *
 * @param make - calls `drizzle` of `drizzle-orm/node-postgres`, `/mysql2` or `/pglite`
 * @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_PEER`
 * @example
 * const { db, forTenant } = tenantDrizzle(tenancy, (pool) => drizzle({ client: pool }));
 */
export function tenantDrizzle<Pool, Db extends object>(
  tenancy: Tenancy<Pool>,
  make: (pool: Pool) => Db,
): TenantDrizzle<Db>;
/**
 * Does the same with tables that are defined by `tenantTables`: each database has those to be used with it
 * as `$tables`.
 */
export function tenantDrizzle<Pool, Tables, Db extends object>(
  tenancy: Tenancy<Pool>,
  make: (pool: Pool, tables: Tables) => Db,
  options: TenantDrizzleOptions<Tables>,
): TenantDrizzle<Db & WithTables<Tables>>;
export function tenantDrizzle<Pool, Tables, Db extends object>(
  tenancy: Tenancy<Pool>,
  make: (pool: Pool, tables: Tables) => Db,
  options?: TenantDrizzleOptions<Tables>,
): TenantDrizzle<Db> {
  function open(pool: Pool, scope: Scope | undefined): Db {
    const schemaName = scope?.kind === "tenant" ? scope.tenant.schemaName : undefined;
    const tables = tablesOf(options, schemaName);
    const made = make(pool, tables as Tables);
    const db = toDatabase(made, pool as object);
    watchBeginnings(db.session);
    scopeCache(tenancy, db, scope);
    if (options !== undefined) Object.defineProperty(made, "$tables", { value: tables });
    return made;
  }

  return {
    db: open(tenancy.pool, undefined),
    forTenant: boundOrms({ make: ({ pool, tenant }) => open(pool, scopeOf(tenant)), tenancy }),
  };
}

function tablesOf<Tables>(
  options: TenantDrizzleOptions<Tables> | undefined,
  schemaName: string | undefined,
): Tables | undefined {
  if (schemaName === undefined) return options?.tables.unqualified;
  return options?.tables(schemaName);
}

/** Lets a database's cache know the scope of each query: that of the database, or else the ambient one. */
function scopeCache<Pool>(
  tenancy: Tenancy<Pool>,
  db: DrizzleDatabase,
  scope: Scope | undefined,
): void {
  if (!db.$cache) return;
  const cache = db.$cache as DrizzleCache;
  // ISOLATION: it would give one tenant what another has read. integration/orm/drizzle/bad-input.test.ts
  if (!isTenantCache(cache, tenancy)) {
    throw new TenancyError("INVALID_CONFIG", "The cache of Drizzle does not know of tenants.", {
      remedy: "Wrap it: `cache: tenantCache(tenancy, cache)`.",
    });
  }
  const capture = (): Enter => enterOf(tenancy, scope ?? tenancy.currentScope());
  const enter: Enter = (fn) => capture()(fn);
  scopeQueries(db.session, { capture, enter });
  db.$cache = { invalidate: (params) => enter(() => cache.onMutate(params)) };
}

function enterOf<Pool>(tenancy: Tenancy<Pool>, scope: Scope | undefined): Enter {
  // Without a scope the pool itself refuses.
  if (scope === undefined) return (fn) => fn();
  return (fn) => tenancy.enter(scope, fn);
}
