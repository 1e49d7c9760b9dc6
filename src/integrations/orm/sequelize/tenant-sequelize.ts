import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { ForTenant } from "../common/bound-orms.ts";
import { bindSequelize, type BoundSequelize } from "./bound-sequelize.ts";
import { checkSequelize } from "./check-sequelize.ts";
import type { SequelizeLike } from "./peer.ts";
import { Records } from "./records.ts";
import { nameScopes } from "./scope-names.ts";
import { ScopedConnections } from "./scoped-connections.ts";

/** Sequelize, in the ambient scope and bound to a tenant. */
export interface TenantSequelize<Sequelize> {
  /** The application's Sequelize; each query runs in the scope in force where it is called. */
  readonly sequelize: Sequelize;
  /** Returns it bound to one tenant, whatever the ambient scope is. @throws as `withTenant` */
  readonly forTenant: ForTenant<BoundSequelize<Sequelize>>;
}

const adopted = new WeakSet<object>();

/**
 * Makes a Sequelize 6 whose every statement and transaction runs on the tenancy's pool, in the scope in force
 * where it is called; its own pool opens no connection.
 *
 * Records remember the tenant that they were loaded or saved in, and are refused in another one
 * (`WRONG_TENANT`), as are transactions. `sequelize.close()` leaves the tenancy's pool.
 *
 * @param make - makes the Sequelize, with no options of connections; models may be defined there or later
 * @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_PEER`
 * @example
 * const { sequelize, forTenant } = tenantSequelize(tenancy, () => new Sequelize({ dialect: "postgres" }));
 */
export function tenantSequelize<Sequelize extends SequelizeLike>(
  tenancy: Tenancy,
  make: () => Sequelize,
): TenantSequelize<Sequelize> {
  const sequelize = make();
  const internals = checkSequelize(sequelize, tenancy);
  if (adopted.has(sequelize)) {
    throw new TenancyError("INVALID_CONFIG", "This Sequelize is over a tenancy already.");
  }
  adopted.add(sequelize);
  nameScopes(internals, tenancy);
  const connections = new ScopedConnections(internals, tenancy);
  // Its hooks are what holds it.
  void new Records(internals, tenancy, connections);
  return {
    forTenant: async (ref, options) =>
      bindSequelize(tenancy, sequelize, await tenancy.tenant(ref, options)),
    sequelize,
  };
}
