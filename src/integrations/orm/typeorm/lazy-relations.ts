import { checkOrigin, tenantOf } from "../../../core/records.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../core/scope.ts";
import type { RelationLoader } from "./peer.ts";

/**
 * Makes relations that are loaded late come from the tenant that their entities came from.
 *
 * ISOLATION: whoever touches a lazy relation may be in another tenant's scope by then, and would get the
 * rows that have the same keys there. integration/orm/typeorm/lazy-relations.test.ts
 *
 * @param inScope - returns what loads in a scope
 */
export function loadFromOrigin(
  loader: RelationLoader,
  inScope: (scope: Scope) => RelationLoader["load"],
): RelationLoader["load"] {
  const load = loader.load.bind(loader);
  return async (relation, entities, queryRunner, ...rest) => {
    // A connection has its own scope.
    if (queryRunner && !queryRunner.isReleased) {
      return load(relation, entities, queryRunner, ...rest);
    }
    const records = [entities].flat() as unknown[];
    const origins = records.map((record) => originOf(record));
    const origin = origins.find((each) => each !== undefined);
    if (origin === undefined) return load(relation, entities, queryRunner, ...rest);
    for (const record of records) {
      checkOrigin(record as object, origin, relation.inverseEntityMetadata.name);
    }
    return inScope(origin)(relation, entities, undefined, ...rest);
  };
}

function originOf(record: unknown): Scope | undefined {
  // It may also be a key.
  const tenant = typeof record === "object" && record !== null ? tenantOf(record) : undefined;
  if (tenant === undefined) return undefined;
  return tenant === null ? GLOBAL_SCOPE : scopeOf(tenant);
}
