import { scopeOf } from "../core/scope.ts";
import type { TenantHandle } from "../core/tenancy.ts";
import type { Tenant } from "../core/tenant.ts";
import { createKeys } from "./keys.ts";
import { rejecting } from "./rejecting.ts";
import type { ScopingDeps } from "./scoping.ts";

/** Creates an explicit handle on one tenant: all it does is in that tenant's scope, whatever is in force. */
export function createHandle<Pool>(
  { checkOpen, context, driver }: ScopingDeps<Pool>,
  tenant: Tenant,
): TenantHandle<Pool> {
  const scope = scopeOf(tenant);
  return {
    ...createKeys(() => scope),
    get pool(): Pool {
      checkOpen();
      return driver.poolFor(scope);
    },
    query: async (text, params) => {
      checkOpen();
      return driver.query(scope, text, params);
    },
    run: (fn) =>
      rejecting(() => {
        checkOpen();
        return context.run(scope, fn);
      }),
    tenant,
    transaction: async (fn) => {
      checkOpen();
      return driver.transaction(scope, fn);
    },
  };
}
