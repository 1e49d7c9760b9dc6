/**
 * Drizzle: one database for all tenants, and one for each of them.
 *
 * @module
 */
export type { ForTenant } from "../common/bound-orms.ts";
export type { DrizzleCache, DrizzleMutation } from "./peer.ts";
export { tenantCache } from "./tenant-cache.ts";
export {
  type TenantDrizzle,
  tenantDrizzle,
  type TenantDrizzleOptions,
  type WithTables,
} from "./tenant-drizzle.ts";
export { type TenantTables, tenantTables } from "./tenant-tables.ts";
