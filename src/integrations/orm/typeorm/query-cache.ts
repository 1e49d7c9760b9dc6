import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { ScopeOf } from "./guard.ts";
import type { CacheOptions, DataSource, QueryCache, QueryRunner } from "./peer.ts";

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
  scopeOf: ScopeOf,
): QueryCache {
  const prefix = (queryRunner: QueryRunner | undefined): string => {
    const scope = scopeOf(queryRunner?.dataSource ?? dataSource, queryRunner);
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A query cache was asked in no tenant's scope.");
    }
    return scope.kind === "tenant" ? `tenant:${scope.tenant.id}:` : "global:";
  };
  const keyed = <Options extends CacheOptions>(
    options: Options,
    queryRunner: QueryRunner | undefined,
  ): Options => {
    const { identifier, query } = options;
    const own = prefix(queryRunner);
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
    getFromCache: async (options, queryRunner) =>
      cache.getFromCache(keyed(options, queryRunner), queryRunner),
    isExpired: (saved) => cache.isExpired(saved),
    remove: async (identifiers, queryRunner) => {
      const own = prefix(queryRunner);
      return cache.remove(
        identifiers.map((identifier) => own + identifier),
        queryRunner,
      );
    },
    storeInCache: async (options, saved, queryRunner) =>
      cache.storeInCache(keyed(options, queryRunner), saved, queryRunner),
    synchronize: (queryRunner) => cache.synchronize(queryRunner),
  };
}
