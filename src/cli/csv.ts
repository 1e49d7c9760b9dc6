/**
 * Writes one line of CSV, with its line break. `null` is nothing at all, and an empty text is quoted, so
 * that they can be told apart. What spreadsheets take for formulas is left as it is: it is data.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(cell: string | null): string {
  if (cell === null) return "";
  // Blanks at the ends are the value's own, and some readers would take them off.
  const isPlain = cell !== "" && !/[",\r\n]|^\s|\s$/.test(cell);
  return isPlain ? cell : `"${cell.replaceAll('"', '""')}"`;
}
