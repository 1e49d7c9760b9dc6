import type { Session } from "../core/driver.ts";
import { scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import type { LifecycleDeps } from "./deps.ts";

/**
 * Makes a schema and applies, in one transaction, all migrations that one can hold.
 *
 * They go as one message where the engine can. If a statement of it fails, nothing is left of it, and
 * they go one by one, to fail again and say where.
 *
 * @param first - SQL that makes the schema
 * @param onBegin - called when it is made, and they begin
 * @returns whether no migration is left to do
 */
export async function migrateNewSchema(
  { driver, migrator }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  first: string,
  onBegin: () => void = () => undefined,
): Promise<boolean> {
  let failure: unknown;
  const make = (isOneMessage: boolean): Promise<boolean> =>
    session.transaction(
      scopeOf(tenant),
      async (tx) => {
        onBegin();
        try {
          return (await migrator.migrateNew(tx, tenant, { isOneMessage })).complete;
        } catch (error) {
          failure = error;
          throw error;
        }
      },
      { first },
    );
  if (driver.dialect.message === undefined) return await make(false);
  try {
    return await make(true);
  } catch (error) {
    // When the commit is what failed, nobody knows whether the schema is there.
    const isStatement = error === failure && !isTenancyError(error) && !isConnectionFailure(error);
    if (!isStatement) throw error;
  }
  return await make(false);
}
