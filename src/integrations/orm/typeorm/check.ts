import { TenancyError } from "../../../errors/tenancy-error.ts";
import type { DataSource } from "./peer.ts";

/** What TypeORM would do in `initialize`, in the global schema. */
const AT_START: Readonly<Record<string, string>> = {
  dropSchema: "`dropSchema` would drop the tables of the global schema.",
  migrationsRun: "`migrationsRun` would run the migrations in the global schema.",
  synchronize: "`synchronize` would make the tables in the global schema.",
};

/** Refuses a data source that would pass by the tenancy's pool, or by the tenant. */
export function checkDataSource(dataSource: DataSource, driver: object, pool: unknown): void {
  const { isInitialized, manager, options, relationLoader } = dataSource;
  if (typeof relationLoader?.load !== "function" || manager?.dataSource !== dataSource) {
    throw new TenancyError("UNSUPPORTED_PEER", "This is not a data source of TypeORM 1.", {
      remedy: "Install typeorm 1.0 or later.",
    });
  }
  const { type } = options;
  if (type !== "postgres" && type !== "mysql" && type !== "mariadb") {
    refuse(`The data source is of the type ${JSON.stringify(type)}.`);
  }
  if (type !== typeOf(pool) && !(type === "mariadb" && typeOf(pool) === "mysql")) {
    refuse(`A data source of the type "${type}" cannot use the tenancy's driver.`, {
      remedy:
        'Use `kirayedar/pg` for "postgres", and `kirayedar/mysql2` for "mysql" and "mariadb".',
    });
  }
  if (options["driver"] !== driver) {
    refuse("The data source has a pool of its own, which knows of no tenants.", {
      remedy: "Pass the function's argument as its option `driver`.",
    });
  }
  if (isInitialized) refuse("The data source was initialised before it knew of tenants.");
  if (options["replication"] !== undefined) refuse("`replication` has pools of its own.");
  if (options["schema"] !== undefined) refuse("`schema` would name one schema for all tenants.");
  for (const [name, fact] of Object.entries(AT_START)) {
    if (options[name]) refuse(fact, { remedy: "Leave it out, and run migrations per tenant." });
  }
  if (type !== "postgres" && !hasStringifyObjects(pool)) {
    refuse("TypeORM relies on `stringifyObjects`: without it an object as a value becomes SQL.", {
      remedy: "Pass `stringifyObjects: true` to `mysql2()`.",
    });
  }
}

function typeOf(pool: unknown): "mysql" | "postgres" | undefined {
  const { connect, getConnection, promise } = pool as Record<string, unknown>;
  // The package `mariadb` has no `promise`, and PGlite no `connect`.
  if (typeof getConnection === "function")
    return typeof promise === "function" ? "mysql" : undefined;
  return typeof connect === "function" ? "postgres" : undefined;
}

function hasStringifyObjects(pool: unknown): boolean {
  type Pool = { config?: { connectionConfig?: { stringifyObjects?: unknown } } };
  return Boolean((pool as Pool).config?.connectionConfig?.stringifyObjects);
}

function refuse(fact: string, options?: { readonly remedy: string }): never {
  throw new TenancyError("INVALID_CONFIG", fact, options);
}
