import type { EnterOptions, Tenancy } from "../../../core/tenancy.ts";
import { type Scope, scopeOf } from "../../../core/scope.ts";
import type { TenantRef } from "../../../core/tenant.ts";
import { BoundSources } from "./bound-source.ts";
import { checkDataSource } from "./check.ts";
import { guardManager } from "./guard.ts";
import { loadFromOrigin } from "./lazy-relations.ts";
import { originSubscriber, type ScopeOf } from "./origin-subscriber.ts";
import type { DataSource, EntityManagerClass, OrmTenancy } from "./peer.ts";
import { type ConnectionScopes, viewPool } from "./pool-view.ts";
import { type CacheScopes, cachePerTenant } from "./query-cache.ts";
import { endStreams } from "./streams.ts";

/** TypeORM's option `driver`, in place of `pg` or `mysql2`: gives the tenancy's pool. */
export interface TypeormDriver {
  /** What TypeORM makes its pool of, for PostgreSQL. */
  readonly Pool: new () => object;
  /** What TypeORM makes its pool with, for MySQL and MariaDB. */
  readonly createPool: () => object;
}

/** The public part of a `DataSource` that is used here. */
export interface TypeormDataSource {
  /** Its options. */
  readonly options: object;
  /** Its entity manager. */
  readonly manager: object;
  /** Whether `initialize` has been called. */
  readonly isInitialized: boolean;
  /** Reads the entities. */
  initialize(): Promise<unknown>;
}

/** TypeORM for all tenants, and for one. */
export interface TenantTypeorm<Source extends TypeormDataSource> {
  /**
   * The application's data source: each query runs in the scope in force where it is called.
   * `initialize` may be called in any scope, and in none; `destroy` leaves the tenancy's pool open.
   */
  readonly dataSource: Source;
  /**
   * Returns an entity manager of one tenant, which reads no ambient scope. It is cheap, and holds no
   * connection. Its `dataSource` is bound to the tenant too. @throws as `withTenant`
   */
  readonly forTenant: (tenant: TenantRef, options?: EnterOptions) => Promise<Source["manager"]>;
}

/**
 * Gives an application's TypeORM tenants.
 *
 * Entities remember their tenant: what is loaded in one and written in another is refused with
 * `WRONG_TENANT`, and lazy relations load from the tenant of their entity. Query caches get a key per
 * tenant.
 *
 * @param makeDataSource - makes the data source with the `driver` that it is given; it is called at once
 * @throws TenancyError `INVALID_CONFIG` for a data source that would pass by the tenancy's pool or by the
 *   tenant; `UNSUPPORTED_PEER` if it is not TypeORM 1
 * @example
 * const { dataSource, forTenant } = tenantTypeorm(
 *   tenancy,
 *   (driver) => new DataSource({ type: "postgres", driver, entities }),
 * );
 * await dataSource.initialize();
 */
export function tenantTypeorm<Source extends TypeormDataSource>(
  tenancy: Pick<Tenancy, keyof OrmTenancy>,
  makeDataSource: (driver: TypeormDriver) => Source,
): TenantTypeorm<Source> {
  const connections: ConnectionScopes = new WeakMap();
  const view = viewPool(tenancy, connections);
  const driver: TypeormDriver = {
    // What a constructor returns takes the place of what it made.
    Pool: function Pool() {
      return view;
    } as unknown as TypeormDriver["Pool"],
    createPool: () => view,
  };
  const made = makeDataSource(driver);
  const dataSource = made as unknown as DataSource;
  checkDataSource(dataSource, driver, tenancy.pool);
  const sources = new BoundSources(tenancy, dataSource);
  // ISOLATION: a connection keeps its scope, while the one in force changes. integration/orm/typeorm/wrong-tenant.test.ts
  const scopeNow: ScopeOf = (of, queryRunner) =>
    sources.scopeOf(of) ??
    connections.get(queryRunner?.databaseConnection as object) ??
    tenancy.currentScope();
  followScope(tenancy, dataSource);
  const { relationLoader } = dataSource;
  relationLoader.load = loadFromOrigin(relationLoader, (scope) => sources.of(scope).load);
  guard(dataSource, { dataSourceOf: (scope) => sources.of(scope).dataSource, scopeOf: scopeNow });
  endStreams(dataSource);
  const initialize = dataSource.initialize.bind(dataSource);
  dataSource.initialize = async () => {
    // `setOptions` may have changed them.
    if (!dataSource.isInitialized) checkDataSource(dataSource, driver, tenancy.pool);
    // TypeORM asks for the server's version, and installs extensions.
    await tenancy.scopeGlobal(initialize);
    // Made anew by each `initialize`.
    dataSource.subscribers.unshift(originSubscriber(scopeNow));
    return dataSource;
  };
  return {
    dataSource: made,
    forTenant: async (ref, options) => {
      const { tenant } = await tenancy.tenant(ref, options);
      return sources.of(scopeOf(tenant)).dataSource.manager;
    },
  };
}

/** Puts the guards into a data source, and into whatever inherits from it. */
function guard(dataSource: DataSource, scopes: CacheScopes): void {
  const base = dataSource.manager.constructor as EntityManagerClass;
  const Manager = guardManager(base, scopes.scopeOf);
  dataSource.createEntityManager = function createEntityManager(queryRunner) {
    return new Manager(this, queryRunner);
  };
  dataSource.manager = dataSource.createEntityManager();
  let cache = dataSource.queryResultCache;
  cache &&= cachePerTenant(dataSource, cache, scopes);
  Object.defineProperty(dataSource, "queryResultCache", {
    configurable: true,
    enumerable: true,
    get: () => cache,
    // `setOptions` makes another.
    set: (other: DataSource["queryResultCache"]) => {
      cache = other && cachePerTenant(dataSource, other, scopes);
    },
  });
}

/**
 * Makes the names of the current database and schema those of the scope in force: on MySQL the table of
 * TypeORM's migrations is named by them, and would be one for all tenants.
 */
function followScope(tenancy: OrmTenancy, { driver, options }: DataSource): void {
  const names = options["type"] === "postgres" ? ["schema", "searchSchema"] : ["database"];
  for (const name of names as ("database" | "schema" | "searchSchema")[]) {
    let first = driver[name];
    Object.defineProperty(driver, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        const scope: Scope | undefined = tenancy.currentScope();
        return scope?.kind === "tenant" ? scope.tenant.schemaName : first;
      },
      set: (value: string | undefined) => {
        first = value;
      },
    });
  }
}
