import type { TableList } from "../../contract.ts";

/** One table of a tenant. */
export type TableView = TableList["tables"][number];

/** What tables may be sorted by. */
export type TableSort = "bytes" | "estimatedRows" | "name";

/** Sorts tables; those of which nothing is known come last, whatever the direction. */
export function sortTables(
  tables: readonly TableView[],
  by: { readonly sort: TableSort; readonly isDescending: boolean },
): TableView[] {
  const sign = by.isDescending ? -1 : 1;
  return tables.toSorted((a, b) => {
    if (by.sort === "name") return sign * a.name.localeCompare(b.name, "en");
    const [x, y] = [a[by.sort], b[by.sort]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y) || a.name.localeCompare(b.name, "en");
  });
}

/** All tables together; rows are `null` where no table's are known. */
export function totalsOf(tables: readonly TableView[]): {
  readonly bytes: number;
  readonly rows: number | null;
} {
  const known = tables.flatMap(({ estimatedRows }) => estimatedRows ?? []);
  return {
    bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: known.length === 0 ? null : known.reduce((sum, rows) => sum + rows, 0),
  };
}
