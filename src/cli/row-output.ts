import { cellText } from "./cell-text.ts";
import { csvLine } from "./csv.ts";
import type { OutputStream, Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";

/** A row, and whose it is. */
export interface TenantRow {
  readonly tenant: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Writes rows as CSV while they come: the tenant, and the columns of the first row. */
export class CsvRows {
  readonly #stdout: OutputStream;
  #columns: readonly string[] | undefined;

  constructor(stdout: OutputStream) {
    this.#stdout = stdout;
  }

  /** Writes a row; returns why it cannot be, if its columns are others than those of the rows before. */
  write({ row, tenant }: TenantRow): Error | undefined {
    const names = Object.keys(row);
    if (this.#columns === undefined) {
      this.#columns = names;
      this.#stdout.write(csvLine(["tenant", ...names]));
    }
    const columns = this.#columns;
    if (names.length !== columns.length || !names.every((name) => columns.includes(name))) {
      return new Error(
        `Its columns are ${names.join(", ")}; those of the tenants before are ${columns.join(", ")}.`,
      );
    }
    this.#stdout.write(csvLine([tenant, ...columns.map((name) => cellText(row[name]))]));
    return undefined;
  }
}

/** Lays rows out under the columns of all of them, in the order in which they appear first. */
export function formatRows(rows: readonly TenantRow[], style: Style): string {
  const names = new Set(rows.flatMap(({ row }) => Object.keys(row)));
  const columns: Column<TenantRow>[] = [
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    ...[...names].map((name): Column<TenantRow> => ({
      align: rows.some(({ row }) => !isNumeric(row[name])) ? "left" : "right",
      cell: ({ row }) => cellText(row[name]),
      title: name,
    })),
  ];
  return formatTable(rows, columns, { heading: style.bold });
}

/** Whether a value reads as a number: large ones are text. */
function isNumeric(value: unknown): boolean {
  if (value === null || typeof value === "number" || typeof value === "bigint") return true;
  return typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value);
}
