import { LRUCache } from "lru-cache";

/** Tables that are the same in every tenant, with a schema's name before theirs or without. */
export interface TenantTables<Tables> {
  /** Returns the tables of one schema, with its name before theirs; the same objects for the same name. */
  (schemaName: string): Tables;
  /** The tables without a schema's name: those of the scope in force. */
  readonly unqualified: Tables;
}

/** Schemas whose tables are kept; those of others are made again. */
const MAX_SCHEMAS = 500;

/**
 * Defines tables once, for use with and without the name of a tenant's schema.
 *
 * @param schemaOf - Drizzle's `pgSchema` or `mysqlSchema`
 * @param define - makes the tables, and whatever else belongs to a schema: enums, views, relations
 * @example
 * const tables = tenantTables(pgSchema, (schema) => ({
 *   notes: schema.table("notes", { id: serial().primaryKey(), text: text().notNull() }),
 * }));
 */
export function tenantTables<Schema, Tables>(
  schemaOf: (name: string) => Schema,
  define: (schema: Schema) => Tables,
): TenantTables<Tables> {
  const made = new LRUCache<string, { readonly tables: Tables }>({ max: MAX_SCHEMAS });
  const ofSchema = (schemaName: string): Tables => {
    let entry = made.get(schemaName);
    if (entry === undefined) {
      entry = { tables: define(schemaOf(schemaName)) };
      made.set(schemaName, entry);
    }
    return entry.tables;
  };
  // A schema of Drizzle that has no name makes tables as `pgTable` and `mysqlTable` do.
  const unqualified = define(schemaOf(undefined as unknown as string));
  return Object.assign(ofSchema, { unqualified });
}
