import type { RegistrySql } from "../../core/registry-sql.ts";

/** The registry's tables on PostgreSQL. */
export const registrySql: RegistrySql = {};
