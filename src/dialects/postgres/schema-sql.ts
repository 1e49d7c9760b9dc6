import type { SchemaSql } from "../../core/schema-sql.ts";

/** Placeholder until the lifecycle's SQL is written. */
export const schemaSql: SchemaSql = {} as SchemaSql;
