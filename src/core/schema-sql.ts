import type { Statement } from "./dialect.ts";

/** SQL about schemas. Names are physical ones, checked by `parseSchemaName`; they are quoted here. */
export interface SchemaSql {
  /** Makes a schema; fails if there is one. */
  create(schemaName: string): string;
  /** Removes a schema and all that is left in it. */
  drop(schemaName: string): string;
  /** Gives a schema another name. */
  rename(from: string, to: string): string;
  /** One row `{ exists: boolean }`. */
  exists(schemaName: string): Statement;
  /** One row `{ table_count: number }`: tables in the schema but `except`, whoever may see them. */
  countTables(schemaName: string, except: string): Statement;
  /**
   * Up to `limit` rows `{ kind, name }` of what a schema holds and can be dropped on its own, in an
   * order in which dropping them in batches works.
   */
  listObjects(schemaName: string, limit: number): Statement;
  /** Drops the objects that `listObjects` returned, with what depends on them inside the schema. */
  dropObjects(schemaName: string, objects: readonly { kind: string; name: string }[]): string;
  /** One row `{ role: string, database: string }`: names that a tenant's schema must not have. */
  currentNames(): Statement;
}
