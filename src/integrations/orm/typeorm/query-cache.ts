import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { Scope } from "../../../core/scope.ts";
import type { ScopeOf } from "./origin-subscriber.ts";
import type { CacheOptions, DataSource, QueryCache, QueryRunner } from "./peer.ts";

/** What a cache asks of scopes. */
export interface CacheScopes {
  readonly scopeOf: ScopeOf;
  /** Returns the data source that is bound to a scope. */
  readonly dataSourceOf: (scope: Scope) => DataSource;
}

/**
 * Gives every entry of a query cache a key that begins with its tenant. All else is the cache's own:
 * `clear` empties it for all tenants.
 *
 * ISOLATION: TypeORM's keys are the text of the query, which is the same in every tenant.
 * integration/orm/typeorm/query-cache.test.ts
 */
export function cachePerTenant(
  dataSource: DataSource,
  cache: QueryCache,
  { dataSourceOf, scopeOf }: CacheScopes,
): QueryCache {
  const scopeIn = (queryRunner: QueryRunner | undefined): Scope => {
    const scope = scopeOf(queryRunner?.dataSource ?? dataSource, queryRunner);
    if (scope !== undefined) return scope;
    throw new TenancyError("TENANT_REQUIRED", "A query cache was asked in no tenant's scope.");
  };
  // ISOLATION: TypeORM's own cache writes over a connection that it takes from its data source, whatever
  // the query ran on. integration/orm/typeorm/query-cache.test.ts
  const cacheIn = (scope: Scope): QueryCache =>
    cache.dataSource === dataSource && cache.queryResultCacheTable !== undefined
      ? (Object.create(cache, { dataSource: { value: dataSourceOf(scope) } }) as QueryCache)
      : cache;
  const keyed = <Options extends CacheOptions>(options: Options, scope: Scope): Options => {
    const { identifier, query } = options;
    const own = prefixOf(scope);
    return {
      ...options,
      ...(identifier && { identifier: own + identifier }),
      ...(query && { query: own + query }),
    };
  };
  return {
    clear: (queryRunner) => cache.clear(queryRunner),
    connect: () => cache.connect(),
    disconnect: () => cache.disconnect(),
    getFromCache: async (options, queryRunner) => {
      const scope = scopeIn(queryRunner);
      return cacheIn(scope).getFromCache(keyed(options, scope), queryRunner);
    },
    isExpired: (saved) => cache.isExpired(saved),
    remove: async (identifiers, queryRunner) => {
      const scope = scopeIn(queryRunner);
      const own = prefixOf(scope);
      const names = identifiers.map((identifier) => own + identifier);
      return cacheIn(scope).remove(names, queryRunner);
    },
    storeInCache: async (options, saved, queryRunner) => {
      const scope = scopeIn(queryRunner);
      return cacheIn(scope).storeInCache(keyed(options, scope), saved, queryRunner);
    },
    synchronize: (queryRunner) => cache.synchronize(queryRunner),
  };
}

function prefixOf(scope: Scope): string {
  return scope.kind === "tenant" ? `tenant:${scope.tenant.id}:` : "global:";
}
