/**
 * Objection over a tenancy: its records remember their tenant. The Knex is `kirayedar/knex`'s.
 *
 * @module
 */
export { tenantModel, type ModelClassLike } from "./tenant-model.ts";
