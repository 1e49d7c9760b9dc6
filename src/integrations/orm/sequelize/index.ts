/**
 * Sequelize over a tenancy: one Sequelize on the tenancy's pool, whose records know their tenant.
 *
 * @module
 */
export type { ForTenant } from "../common/bound-orms.ts";
export { tenantSequelize, type TenantSequelize } from "./tenant-sequelize.ts";
export type { BoundSequelize } from "./bound-sequelize.ts";
export type { SequelizeLike } from "./peer.ts";
