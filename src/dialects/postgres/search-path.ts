import { quoteIdentifier } from "./identifier.ts";

/**
 * Returns the value of `search_path` for one schema.
 *
 * `pg_temp` is named, and last: when it is not named it is searched first, and a temporary table
 * would shadow a tenant's.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
 */
export function searchPath(schemaName: string, sharedSchemas: readonly string[]): string {
  return [...[schemaName, ...sharedSchemas].map(quoteIdentifier), "pg_temp"].join(", ");
}
