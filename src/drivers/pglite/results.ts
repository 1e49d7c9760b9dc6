import type { QueryOptions, Results } from "@electric-sql/pglite";
import type { QueryResult } from "../../core/driver.ts";

const BYTEA = 17;
const INT8 = 20;

/** Reads what `pg` reads in another way, so that code does not change with the driver. */
export const LIKE_PG: QueryOptions = {
  parsers: {
    [BYTEA]: (text: string) => Buffer.from(text.slice(2), "hex"),
    [INT8]: (text: string) => text,
  },
};

/** Returns the part of a result that every driver has. */
export function toQueryResult<Row>(results: Results<Row>): QueryResult<Row> {
  return { rowCount: rowCountOf(results), rows: results.rows };
}

function rowCountOf({ affectedRows, command, rowCount, rows }: Results<unknown>): number | null {
  if (rowCount !== undefined) return rowCount;
  // The first releases that are supported tell neither the command nor its count.
  return command === undefined ? (affectedRows ?? 0) || rows.length : null;
}

/**
 * Returns the same error, without the values of the parameters where a logger would find them:
 * PGlite puts the whole call into its errors.
 */
export function withoutValues(error: unknown): unknown {
  if (error instanceof Error && "params" in error) {
    Object.defineProperty(error, "params", { enumerable: false });
  }
  return error;
}

/** Returns an error's SQLSTATE, or another code that it has. */
export function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code;
}
