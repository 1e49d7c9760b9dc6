/**
 * A facade of postgres.js over a tenancy, whose own driver is `pg`. Experimental: it uses parts of
 * postgres.js that are not documented.
 *
 * @module
 */
export { tenantSql, type PostgresLike, type TenantSql } from "./tenant-sql.ts";
