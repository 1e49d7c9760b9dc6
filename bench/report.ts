import { keeps, type Row, TARGETS } from "./row.ts";

const NAME_WIDTH = 24;

/** Writes a row as one line: its name, its figures, and its targets with whether they were kept. */
export function lineOf(row: Row): string {
  const figures = Object.entries(row.figures).map(([name, value]) => `${name} ${shown(value)}`);
  const verdicts = (TARGETS[row.name] ?? []).map((target) => {
    const sign = target.is === "at most" ? "<=" : ">=";
    const isMeasured = row.figures[target.figure] !== undefined;
    const verdict = isMeasured ? (keeps(row, target) ? "pass" : "MISS") : "not measured";
    return `${verdict} (${target.figure} ${sign} ${target.bound})`;
  });
  return [row.name.padEnd(NAME_WIDTH), figures.join("  "), ...verdicts].join("  ");
}

/** Returns the rows as `--json` writes them: the name and the figures side by side. */
export function toJson(rows: readonly Row[]): string {
  const flat = rows.map((row) => ({
    name: row.name,
    ...row.figures,
    ...(TARGETS[row.name] !== undefined && {
      pass: (TARGETS[row.name] ?? []).every((t) => keeps(row, t)),
      targets: TARGETS[row.name],
    }),
  }));
  return `${JSON.stringify(flat, undefined, 2)}\n`;
}

function shown(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value >= 100 ? 0 : 2);
}
