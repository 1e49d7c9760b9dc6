import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { DrizzleCache, DrizzleMutation } from "./peer.ts";

/** The part of a tenancy that says in which scope a query runs. */
type ScopeReader = Pick<Tenancy, "bindPool" | "currentScope">;

/** The tenancy of each cache that was wrapped. */
const wrappedFor = new WeakMap<object, ScopeReader>();
/** The tenancy of each wrapper. */
const owners = new WeakMap<object, ScopeReader>();

/**
 * Puts the tenant before every key, tag and table name of a Drizzle cache, which knows queries by their
 * text and parameters alone.
 *
 * Tables of the tenant's schema have the same name with and without the schema's, so that a write through
 * either is noticed. Nothing is read, kept or forgotten outside a scope: `TENANT_REQUIRED`.
 *
 * @throws TenancyError `INVALID_CONFIG` for the cache of another tenancy
 * @example
 * tenantDrizzle(tenancy, (pool) => drizzle({ client: pool, cache: tenantCache(tenancy, cache) }));
 */
export function tenantCache(tenancy: ScopeReader, cache: DrizzleCache): DrizzleCache {
  // ISOLATION: the global scope, and whoever has the same id and schema, have the same keys in each.
  // unit/integrations/drizzle/tenant-cache.test.ts
  if ((wrappedFor.get(cache) ?? tenancy) !== tenancy) {
    throw new TenancyError("INVALID_CONFIG", "A cache of Drizzle is given to two tenancies.", {
      remedy: "Make a cache for each, with keys of its own where they are kept in one place.",
    });
  }
  const now = (): Keys => {
    const scope = tenancy.currentScope();
    if (scope === undefined) {
      throw new TenancyError("TENANT_REQUIRED", "A cache was asked in no tenant's scope.");
    }
    return keysOf(tenancy, scope);
  };
  const wrapped: DrizzleCache = {
    // ISOLATION: the same query has the same key in every tenant. leak/orm/drizzle-cache.test.ts
    get: async (key, tables, ...rest) => {
      const keys = now();
      return await cache.get(keys.key(key), tables.map(keys.table), ...rest);
    },
    onMutate: async (params) => {
      const keys = now();
      await cache.onMutate(mapMutation(params, keys));
    },
    // ISOLATION: see `get`. leak/orm/drizzle-cache.test.ts
    put: async (key, response, tables, ...rest) => {
      const keys = now();
      await cache.put(keys.key(key), response, tables.map(keys.table), ...rest);
    },
    strategy: () => cache.strategy(),
  };
  wrappedFor.set(cache, tenancy);
  owners.set(wrapped, tenancy);
  return wrapped;
}

/** Whether a cache is one that {@link tenantCache} made for this tenancy. */
export function isTenantCache(cache: object, tenancy: ScopeReader): boolean {
  return owners.get(cache) === tenancy;
}

/** How names become those of one scope. */
interface Keys {
  readonly key: (key: string) => string;
  readonly table: <T>(table: T) => T | string;
}

function keysOf(tenancy: ScopeReader, scope: Scope): Keys {
  const schemaName =
    scope.kind === "tenant" ? scope.tenant.schemaName : tenancy.bindPool(scope).schemaName;
  // With the schema too: what was read before a rename is no longer told of writes.
  const owner =
    scope.kind === "tenant" ? `tenant/${encodeURIComponent(scope.tenant.id)}` : "global";
  const prefix = `${owner}/${schemaName}/`;
  return {
    key: (key) => prefix + key,
    table: (table) => {
      const name = nameOf(table);
      if (name === undefined) return table;
      // One that names its schema is the same table for everybody.
      return name.includes(".") ? name : `${schemaName}.${name}`;
    },
  };
}

const SCHEMA = Symbol.for("drizzle:Schema");
const BASE_NAME = Symbol.for("drizzle:BaseName");

/** Name of a table, as Drizzle itself says it to caches. */
function nameOf(table: unknown): string | undefined {
  if (typeof table === "string") return table;
  if (typeof table !== "object" || table === null) return undefined;
  const { [BASE_NAME]: name, [SCHEMA]: schema } = table as { [key: symbol]: unknown };
  if (typeof name !== "string") return undefined;
  return typeof schema === "string" ? `${schema}.${name}` : name;
}

function mapMutation({ tables, tags, ...rest }: DrizzleMutation, keys: Keys): DrizzleMutation {
  return {
    ...rest,
    ...(tables === undefined ? {} : { tables: toList(tables).map(keys.table) }),
    ...(tags === undefined ? {} : { tags: toList(tags).map(keys.key) }),
  };
}

function toList<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}
