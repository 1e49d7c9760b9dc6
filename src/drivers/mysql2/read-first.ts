import type { QueryResult } from "../../core/driver.ts";
import type { OkPacket } from "./peer.ts";

/**
 * Reads the first of what a statement, or a procedure, has returned.
 *
 * @param fields - the columns, or a list of columns for each of several results
 */
export function readFirst<Row>(result: unknown, fields: unknown): QueryResult<Row> {
  const areSeveral =
    Array.isArray(fields) &&
    fields.some((field: unknown) => field === undefined || Array.isArray(field));
  const first: unknown = areSeveral ? (result as readonly unknown[])[0] : result;
  if (Array.isArray(first)) return { rowCount: first.length, rows: first as Row[] };
  const { affectedRows } = (first ?? {}) as Partial<OkPacket>;
  return { rowCount: affectedRows ?? null, rows: [] };
}
