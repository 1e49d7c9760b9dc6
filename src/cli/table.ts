import { printable, textWidth } from "./text-width.ts";

/** One column of a table. */
export interface Column<Row> {
  /** Its heading. */
  readonly title: string;
  /** Text of a row's cell; control characters are made visible. */
  readonly cell: (row: Row) => string | number | null | undefined;
  /** Side that cells are aligned to. Default `"left"`. */
  readonly align?: "left" | "right";
  /** Adds colour to a cell that already has its final width. */
  readonly style?: (text: string, row: Row) => string;
}

/** How {@link formatTable} prints. */
export interface TableOptions {
  /** Adds colour to the headings. */
  readonly heading?: (text: string) => string;
}

const GAP = "  ";

/** Lays rows out in aligned columns under their headings; no trailing blanks, no final line break. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions = {},
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.cell(row))));
  const widths = columns.map((column, index) =>
    Math.max(textWidth(column.title), ...cells.map((line) => textWidth(line[index] ?? ""))),
  );
  const heading = layOut(
    columns.map(({ title }) => title),
    { columns, styles: columns.map(() => options.heading ?? plain), widths },
  );
  const lines = rows.map((row, index) =>
    layOut(cells[index] ?? [], {
      columns,
      styles: columns.map(({ style }) => (style ? (text: string) => style(text, row) : plain)),
      widths,
    }),
  );
  return [heading, ...lines].join("\n");
}

function cellText(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === "" ? "-" : printable(String(value));
}

function plain(text: string): string {
  return text;
}

interface Layout<Row> {
  readonly columns: readonly Column<Row>[];
  readonly widths: readonly number[];
  readonly styles: readonly ((text: string) => string)[];
}

function layOut<Row>(cells: readonly string[], layout: Layout<Row>): string {
  let line = "";
  let pending = "";
  for (const [index, text] of cells.entries()) {
    const blanks = " ".repeat(Math.max(0, (layout.widths[index] ?? 0) - textWidth(text)));
    if (text === "") {
      pending += blanks + GAP;
      continue;
    }
    const styled = (layout.styles[index] ?? plain)(text);
    const right = layout.columns[index]?.align === "right";
    // Blanks are held back until something follows them, so that no line ends in any.
    line += pending + (right ? blanks : "") + styled;
    pending = (right ? "" : blanks) + GAP;
  }
  return line;
}
