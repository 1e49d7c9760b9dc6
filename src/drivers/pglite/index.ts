/**
 * The PGlite driver: tenants are schemas of a PostgreSQL that is embedded in the process.
 *
 * @module
 */
import type { Driver } from "../../core/driver.ts";
import { PgliteDriver, type PgliteOptions } from "./pglite-driver.ts";
import type { TenantPglite } from "./tenant-pglite.ts";

export type { PgliteOptions } from "./pglite-driver.ts";
export type { TenantPglite } from "./tenant-pglite.ts";

/**
 * Makes the PGlite driver of one tenancy, for development and tests: one session, one process.
 * Opens the database when it is first used; with `dataDir`, what is in it survives a restart.
 *
 * @example
 * createTenancy({ database: pglite({ dataDir: "./data" }) });
 */
export function pglite(options: PgliteOptions = {}): Driver<TenantPglite> {
  return new PgliteDriver(options);
}
