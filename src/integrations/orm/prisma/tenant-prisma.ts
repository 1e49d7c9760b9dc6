import { type Scope, scopeOf } from "../../../core/scope.ts";
import type { BoundPool, Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { ForTenant } from "../common/bound-orms.ts";
import { Clients } from "./clients.ts";
import { follow } from "./follow.ts";
import type { PrismaClientLike } from "./peer.ts";

/** How clients are kept. */
export interface PrismaOptions {
  /** How many clients are kept, those used last; about 350 KB of memory each. Default 200. */
  readonly maxClients?: number;
}

/** Prisma, in the ambient scope and bound to a tenant. */
export interface TenantPrisma<Client> {
  /**
   * The client of the scope in force where it is called. A query runs in the scope that it was made in,
   * wherever it is awaited. @throws TenancyError `TENANT_REQUIRED` where there is none
   */
  readonly prisma: Client;
  /**
   * Returns the client of one tenant, whatever the ambient scope is.
   *
   * @throws as `withTenant`
   */
  readonly forTenant: ForTenant<Client>;
  /** Disconnects the clients; the tenancy's pool goes on. Whoever uses one afterwards connects it again. */
  readonly close: () => Promise<void>;
}

/**
 * Makes a client of Prisma for each scope that is used, over the tenancy's one pool.
 *
 * One client for all tenants would leak: Prisma collects `findUnique` and batches of a moment, and sends
 * them in the async context of the first. So each scope has its own, which names its schema in every
 * statement, and runs raw SQL in its scope by the bound pool underneath.
 *
 * @param make - makes one client; it is called again for each scope, and does no I/O
 * @throws TenancyError `INVALID_CONFIG`; from the first use of a client, also when it runs on another pool
 *   or schema than it was given; `UNSUPPORTED_PEER`
 * @example
 * const { prisma, forTenant } = tenantPrisma(
 *   tenancy,
 *   ({ pool, schemaName }) =>
 *     new PrismaClient({ adapter: new PrismaPg(pool, { schema: schemaName }) }),
 * );
 */
export function tenantPrisma<Client extends PrismaClientLike, Pool>(
  tenancy: Tenancy<Pool>,
  make: (bound: BoundPool<Pool>) => Client,
  { maxClients = 200 }: PrismaOptions = {},
): TenantPrisma<Client> {
  if (!Number.isInteger(maxClients) || maxClients < 1) {
    throw new TenancyError("INVALID_CONFIG", "`maxClients` is a whole number from 1.");
  }
  const clients = new Clients(tenancy, make, maxClients);
  const peek = (): Client | undefined => {
    const scope = tenancy.currentScope();
    return scope && clients.of(scope);
  };
  return {
    close: () => clients.close(),
    forTenant: async (ref, options) => {
      const { tenant } = await tenancy.tenant(ref, options);
      const scope = scopeOf(tenant);
      // ISOLATION: it stays this tenant's when another is in force. leak/orm/prisma.test.ts
      const client = clients.of(scope);
      return follow({ now: () => client, peek: () => client });
    },
    prisma: follow({ now: () => clients.of(requireScope(tenancy)), peek }),
  };
}

// ISOLATION: no scope is no client, not that of whoever was here before. leak/orm/prisma.test.ts
function requireScope(tenancy: Tenancy): Scope {
  const scope = tenancy.currentScope();
  if (scope !== undefined) return scope;
  throw new TenancyError("TENANT_REQUIRED", "A query of Prisma was made in no tenant's scope.");
}
