/**
 * Knex over a tenancy: `knex` follows the ambient scope, `forTenant` is bound to one tenant.
 *
 * @module
 */
export { tenantKnex, type KnexInstanceLike, type TenantKnex } from "./tenant-knex.ts";
export type { ForTenant } from "../common/bound-orms.ts";
