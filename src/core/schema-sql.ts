import type { Statement } from "./dialect.ts";
import type { MoveSql } from "./move-sql.ts";

/** Something in a schema that can be dropped on its own. */
export interface SchemaObject {
  /** What it is, as `drop` calls it. */
  readonly kind: string;
  /** Its full name, quoted where that is needed, as the engine itself wrote it. */
  readonly name: string;
}

/** SQL about schemas. Names are physical ones, checked by `parseSchemaName`; they are quoted here. */
export interface SchemaSql {
  /**
   * Makes a schema that bears the mark of a tenant's id; fails if there is one of that name. The
   * mark tells a tenant's leftover from a schema that only happens to have its name.
   */
  create(schemaName: string, tenantId: string): string;
  /** Gives a schema that bears a mark another one. */
  mark(schemaName: string, tenantId: string): string;
  /** Makes a schema unless there is one; for the global one. Needs no rights if there is one. */
  ensure(schemaName: string): string;
  /** Removes a schema and all that is left in it, if it is there. */
  drop(schemaName: string): string;
  /**
   * Gives a schema another name, with all that is in it; `undefined` where the engine cannot, and
   * what is in it has to be moved.
   */
  readonly rename: ((from: string, to: string) => string) | undefined;
  /** Moves what a schema holds into another one; `undefined` where `rename` does it. */
  readonly move: MoveSql | undefined;
  /**
   * One row `{ exists: boolean, tenant_id: string | null, is_blank: boolean }`: the second from the
   * mark; the last, whether the schema has neither mark nor anything else in it, on engines where
   * making and marking it are two commits, and a process may have died in between.
   */
  exists(schemaName: string): Statement;
  /** Whether an error says that there already is a schema of that name. */
  isTaken(error: unknown): boolean;
  /** One row `{ table_count: number }`: tables in the schema but `except`, whoever may see them. */
  countTables(schemaName: string, except: string): Statement;
  /**
   * Removing what is in a schema piece by piece; `undefined` where one statement has room for the locks
   * of any number of them.
   */
  readonly batches: SchemaBatchSql | undefined;
  /**
   * Up to `limit` rows `{ object: string }`: what is not in a schema, and would be dropped with it.
   * Words for people.
   */
  listOutside(schemaName: string, limit: number): Statement;
  /** Makes the rest of the transaction look into a schema, and then into the shared ones. */
  enter(schemaName: string, sharedSchemas: readonly string[]): string;
  /** Makes the rest of the transaction give up when it waits longer than this for a lock. */
  limitLockWait(timeoutMs: number): string;
  /** Ends that limit, where the end of the transaction does not. */
  readonly endLockLimit: string | undefined;
  /** Whether an error says that somebody else holds a lock, so that trying again may help. */
  isLockConflict(error: unknown): boolean;
  /** One row `{ role: string, database: string }`: names that a tenant's schema must not have. */
  currentNames(): Statement;
}

/** SQL that removes what is in a schema in batches. */
export interface SchemaBatchSql {
  /**
   * Up to `limit` rows ({@link SchemaObject}) of what a schema holds and can be dropped on its own,
   * in an order in which dropping them in batches works and needs few locks at a time.
   */
  list(schemaName: string, limit: number): Statement;
  /** Drops objects that `list` returned, with what depends on them. */
  drop(objects: readonly SchemaObject[]): string;
}
