import type { UpsertResult } from "mariadb";
import type { QueryResult } from "../../core/driver.ts";

/**
 * Takes the answer of the first statement off what several statements have returned: what is left is
 * in the form that it would have had without.
 *
 * @param hasMeta - whether rows come with their columns in one array (`metaAsArray`)
 */
export function withoutFirst(answers: unknown, hasMeta: boolean): unknown {
  if (!hasMeta) {
    const rest = (answers as unknown[]).slice(1);
    return rest.length === 1 ? rest[0] : rest;
  }
  const [results, columns] = answers as [results: unknown[], columns: unknown[]];
  if (results.length > 2) return [results.slice(1), columns.slice(1)];
  // Of a statement without rows the library says that it has no columns in different ways.
  return [results[1], columns[1] ?? []];
}

/** Returns what a statement without the application's options has returned, as every driver does. */
export function toQueryResult<Row>(answer: unknown): QueryResult<Row> {
  // Rows know their columns; the list of what several statements returned does not.
  const first: unknown = Array.isArray(answer) && !("meta" in answer) ? answer[0] : answer;
  if (Array.isArray(first)) return { rowCount: first.length, rows: first as Row[] };
  const affected = (first as UpsertResult | undefined)?.affectedRows;
  return { rowCount: affected ?? null, rows: [] };
}

/** Options under which the answer is what {@link toQueryResult} takes. */
export const PLAIN_OPTIONS = {
  metaAsArray: false,
  namedPlaceholders: false,
  nestTables: false,
  rowsAsArray: false,
} as const;
