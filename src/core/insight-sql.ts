import type { Statement } from "./dialect.ts";
import type { RegistryTables } from "./settings.ts";

/** SQL that looks at the fleet, and at the tables of a tenant. */
export interface InsightSql {
  /**
   * Rows `{ day, tenants }`: how many tenants were created on each of the last days, those without any
   * left out; and one row `{ day, tenants: null }` for today. A day is the number of days since 1970, in UTC.
   */
  created(tables: RegistryTables, days: number): Statement;
  /** Rows `{ server }`, in order. */
  servers(tables: RegistryTables): Statement;
  /**
   * Rows `{ slug, bytes, tables }`: the largest tenants, as the server's catalog has them. Several ways
   * to find out, the best one first: each may need rights that the database user lacks.
   */
  largest(tables: RegistryTables, limit: number): readonly Statement[];
  /** Rows `{ name, estimated_rows, bytes }` of a schema's tables, in order. Several ways, as above. */
  listTables(schemaName: string): readonly Statement[];
  /** Whether an error says that this way is not open, and the next one should be tried. */
  isRefused(error: unknown): boolean;
  /** Text that is run in a transaction before these statements, so that none of them waits for long. */
  readonly limitWaiting: string | undefined;
  /** Reads a number, whatever type the client library gives it. */
  readonly toNumber: (value: unknown) => number;
  /** Reads a text, likewise. */
  readonly toText: (value: unknown) => string;
}
