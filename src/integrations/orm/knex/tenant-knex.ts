import { scopeOf } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { boundOrms, type ForTenant } from "../common/bound-orms.ts";
import type { KnexScope } from "../common/knex-scopes.ts";
import { knexPool } from "./knex-pool.ts";

/** The part of a Knex that is used here, so that `knex` stays an optional peer. */
export interface KnexInstanceLike {
  /** What compiles and sends queries. Knex's own types leave it open. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as the peer has it
  readonly client: any;
}

/** What is looked at in {@link KnexInstanceLike.client}. */
interface Client {
  readonly config?: { readonly connectionPool?: unknown };
  readonly connectionSettings?: { database?: unknown };
  readonly driverName?: unknown;
  readonly initializeExternalPool?: unknown;
  readonly pool?: unknown;
  version?: string | undefined;
}

/** Knex of one tenancy, in both forms. */
export interface TenantKnex<Knex> {
  /** Queries in the scope in force where a query is awaited, or a transaction is begun. */
  readonly knex: Knex;
  /**
   * Returns the same over a pool that is bound to one tenant and reads no ambient scope. Names stay as
   * they are written: Knex knows a schema for each query alone (`withSchema`).
   *
   * @throws TenancyError `TENANT_NOT_FOUND`, `TENANT_NOT_ACTIVE`, `INVALID_TENANT_ID`
   */
  readonly forTenant: ForTenant<Knex>;
}

/**
 * Puts an application's Knex on a tenancy's pool. `destroy()` ends the Knex, and not the pool.
 *
 * @param make - makes the application's Knex, with the pool that it is given as `connectionPool`; called
 *   once for the ambient form, and once for each tenant of the bound one
 * @throws TenancyError `INVALID_CONFIG` when the Knex has connections of its own; `UNSUPPORTED_PEER` for a
 *   Knex before 3.3, which does not know `connectionPool`
 * @example
 * const { knex, forTenant } = tenantKnex(tenancy, (pool) =>
 *   createKnex({ client: "pg", connectionPool: pool }),
 * );
 */
export function tenantKnex<Pool, Knex extends KnexInstanceLike>(
  tenancy: Pick<Tenancy<Pool>, "currentScope" | "pool" | "tenant">,
  make: (pool: Pool) => Knex,
): TenantKnex<Knex> {
  const open = (pool: Pool, scope: KnexScope): Knex => {
    const lent = knexPool(pool, scope, tenancy);
    return nameDatabase(checkKnex(make(lent), lent));
  };
  const knex = open(tenancy.pool, "ambient");
  return {
    forTenant: boundOrms({
      isEnded: (bound) => clientOf(bound).pool === undefined,
      make: ({ pool, tenant }) => {
        const bound = open(pool, scopeOf(tenant));
        // Knex asks the server for it with its first connection.
        clientOf(bound).version ??= clientOf(knex).version;
        return bound;
      },
      tenancy,
    }),
    knex,
  };
}

function clientOf(knex: KnexInstanceLike): Client {
  return knex.client as Client;
}

/** Is put into a text as it is, which is how `mysql2` treats what has this method. */
const CURRENT_DATABASE = { toSqlString: (): string => "database()" };

/**
 * Tells a Knex for MySQL which database it is in. It knows that of its own connections' settings alone,
 * and would find no columns for `columnInfo`, which Objection asks for before it joins a graph.
 */
function nameDatabase<Knex extends KnexInstanceLike>(knex: Knex): Knex {
  const { connectionSettings, driverName } = clientOf(knex);
  if (driverName === "mysql2" && connectionSettings !== undefined) {
    connectionSettings.database ??= CURRENT_DATABASE;
  }
  return knex;
}

function checkKnex<Knex extends KnexInstanceLike>(knex: Knex, pool: unknown): Knex {
  const client = (knex as Partial<KnexInstanceLike> | undefined)?.client as Client | undefined;
  if (typeof client?.initializeExternalPool !== "function") {
    throw new TenancyError(
      "UNSUPPORTED_PEER",
      "This is not a Knex of version 3.3 or later: it does not know `connectionPool`.",
    );
  }
  // ISOLATION: connections of its own are in no scope. integration/orm/knex/tenant-knex.test.ts
  if (client.config?.connectionPool !== pool || client.pool === undefined) {
    throw new TenancyError("INVALID_CONFIG", "The Knex does not use the tenancy's pool.", {
      remedy: "Pass the pool that the function is called with as `connectionPool`.",
    });
  }
  return knex;
}
