/**
 * The PGlite driver: tenants are schemas of a PostgreSQL that is embedded in the process.
 *
 * @module
 */
import type { Driver } from "../../core/driver.ts";
import type { PgliteOptions } from "./open-database.ts";
import { PgliteDriver } from "./pglite-driver.ts";
import type { TenantPglite } from "./tenant-pglite.ts";

export type { PgliteOptions } from "./open-database.ts";
export type { TenantPglite } from "./tenant-pglite.ts";

/**
 * Makes the PGlite driver of one tenancy, for development and tests: one session, one process.
 * Opens the database when it is first used; with `dataDir`, what is in it survives a restart.
 *
 * `tenancy.query` reads values as `kirayedar/pg` does, with these exceptions: a `date` is midnight in
 * UTC, an `interval` is text, and arrays of `int8` hold numbers. `tenancy.pool` reads all of them as
 * PGlite does. What a statement leaves in the session (settings, temporary tables, advisory locks)
 * is gone at the next one.
 *
 * @example
 * createTenancy({ database: pglite({ dataDir: "./data" }) });
 */
export function pglite(options: PgliteOptions = {}): Driver<TenantPglite> {
  return new PgliteDriver(options);
}
