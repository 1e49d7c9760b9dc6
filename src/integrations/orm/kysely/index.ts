/**
 * Kysely over a tenancy: `db` follows the ambient scope, `forTenant` is bound to one tenant.
 *
 * @module
 */
export { tenantKysely, type KyselyLike, type TenantKysely } from "./tenant-kysely.ts";
export type { ForTenant } from "../common/bound-orms.ts";
