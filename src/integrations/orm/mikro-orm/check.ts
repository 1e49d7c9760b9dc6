import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { LentPool } from "../common/lent-pool.ts";
import type { Dialect, MikroOrm, OrmTenancy } from "./peer.ts";

/** Refuses an ORM of another version, or one that would pass by the tenancy's pool, or by the tenant. */
export function checkOrm({ config, driver, em }: MikroOrm, dialect: Dialect): void {
  if (
    typeof em?.getContext !== "function" ||
    typeof em.tryCache !== "function" ||
    typeof driver?.connection?.createKysely !== "function"
  ) {
    throw new TenancyError("UNSUPPORTED_PEER", "This is not MikroORM 7 with an SQL driver.", {
      remedy: "Install @mikro-orm/core 7.0.10 or later.",
    });
  }
  if (config.get("driverOptions") !== dialect) {
    refuse("MikroORM has a pool of its own, which knows of no tenants.", {
      remedy: "Pass the argument of `init` as MikroORM's option `driverOptions`.",
    });
  }
  if (config.get("allowGlobalContext")) {
    refuse("`allowGlobalContext` would let all tenants share one identity map.");
  }
  if (config.get("sessionContext") === "connection") {
    refuse('`sessionContext: "connection"` resets the session, and the tenant with it.');
  }
  for (const name of ["onCreateConnection", "onReserveConnection"]) {
    if (config.get(name)) {
      refuse(`MikroORM does not call \`${name}\` for a pool that it is given.`, {
        remedy: "Listen to the events of `tenancy.pool`.",
      });
    }
  }
  if (driver.replicas.length > 0) refuse("`replicas` have pools of their own.");
  const schema = config.get("schema");
  if (schema && schema !== driver.platform.getDefaultSchemaName()) {
    refuse("`schema` would name one schema for all tenants.");
  }
}

/**
 * Refuses a dialect with a pool of its own, which looks like any other from outside: takes a connection
 * from it, and sees where it comes from.
 */
export async function checkDialect(
  tenancy: OrmTenancy,
  dialect: Dialect,
  { isUsed }: Pick<LentPool<object>, "isUsed">,
): Promise<void> {
  const driver = dialect.createDriver();
  await driver.init({});
  await tenancy.scopeGlobal(async () => {
    await driver.releaseConnection(await driver.acquireConnection({}));
  });
  if (isUsed()) return;
  refuse("The dialect has a pool of its own, which knows of no tenants.", {
    remedy: "Make it with the pool that `dialect` is called with.",
  });
}

function refuse(fact: string, options?: { readonly remedy: string }): never {
  throw new TenancyError("INVALID_CONFIG", fact, options);
}
