/**
 * Prisma over a tenancy: a client per tenant, over one pool.
 *
 * @module
 */
export type { ForTenant } from "../common/bound-orms.ts";
export { type PrismaOptions, type TenantPrisma, tenantPrisma } from "./tenant-prisma.ts";
export type { PrismaClientLike } from "./peer.ts";
