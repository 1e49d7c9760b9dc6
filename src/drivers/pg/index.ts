/**
 * The `pg` driver: tenants are schemas of one PostgreSQL database, reached through one `pg.Pool`.
 *
 * @module
 */
import type { Pool } from "pg";
import type { Driver } from "../../core/driver.ts";
import type { PgOptions } from "./options.ts";
import { PgDriver } from "./pg-driver.ts";

export type { PgOptions, PreparedStatementsOptions } from "./options.ts";

/**
 * Makes the `pg` driver of one tenancy. Connects when it is first used.
 *
 * @throws TenancyError `INVALID_CONFIG`, `UNSUPPORTED_DRIVER`
 * @example
 * createTenancy({ database: pg({ connectionString: process.env.DATABASE_URL }) });
 */
export function pg(options: PgOptions = {}): Driver<Pool> {
  return new PgDriver(options);
}
