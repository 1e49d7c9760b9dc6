import { LRUCache } from "lru-cache";
import type { EnterOptions, Tenancy, TenantHandle } from "../../../core/tenancy.ts";
import type { TenantRef } from "../../../core/tenant.ts";

/** An application's ORM, bound to one tenant: the explicit form beside the ambient one. */
export type ForTenant<Orm> = (tenant: TenantRef, options?: EnterOptions) => Promise<Orm>;

/** How {@link boundOrms} makes and keeps them. */
export interface BoundOrmsOptions<Pool, Orm> {
  /** Finds tenants. */
  readonly tenancy: Pick<Tenancy<Pool>, "tenant">;
  /** Makes the ORM of one tenant, over the pool of its handle. */
  readonly make: (tenant: TenantHandle<Pool>) => Orm | Promise<Orm>;
  /** Whether one was ended by whoever had it. The next who asks gets a new one. */
  readonly isEnded?: (orm: Orm) => boolean;
}

/** How many are kept; the least recently used one is forgotten for the next. */
const MAX = 500;

/**
 * Returns what binds an ORM to a tenant. Each tenant's is made once, and asked for in every call is only
 * whether the tenant may be entered.
 *
 * One that is forgotten goes on to work for whoever has it: it holds no connection of its own.
 */
export function boundOrms<Pool, Orm extends object>({
  isEnded = () => false,
  make,
  tenancy,
}: BoundOrmsOptions<Pool, Orm>): ForTenant<Orm> {
  const made = new LRUCache<string, Promise<Orm>>({ max: MAX });
  return async (ref, options) => {
    const handle = await tenancy.tenant(ref, options);
    const { id, schemaName, version } = handle.tenant;
    // ISOLATION: by both, as a renamed tenant's old schema name may be another one's by now. By version,
    // as what ORMs and servers remember of tables is out of date after a migration.
    // unit/integrations/bound-orms.test.ts
    const key = JSON.stringify([id, schemaName, version]);
    const makeOne = (): Promise<Orm> => {
      const making = Promise.resolve(make(handle));
      making.catch(() => made.get(key) === making && made.delete(key));
      made.set(key, making);
      return making;
    };
    const known = made.get(key);
    const orm = await (known ?? makeOne());
    if (!isEnded(orm)) return orm;
    // Somebody else may have made the next one meanwhile.
    if (made.get(key) === known) made.delete(key);
    return await (made.get(key) ?? makeOne());
  };
}
