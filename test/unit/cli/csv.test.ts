import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "../../../src/cli/csv.ts";

/** Reads CSV as RFC 4180 has it; a cell that is empty and not quoted is `null`. */
function parse(text: string): (string | null)[][] {
  const lines: (string | null)[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  for (let match = cell.exec(text); match !== null; match = cell.exec(text)) {
    const [, quoted, plain, end] = match;
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? (plain || null));
    if (end === "\r\n") lines.push([]);
  }
  return lines.slice(0, -1);
}

describe("a line of CSV", () => {
  it("is read as it was written, whatever is in it", () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.string({ unit: "binary" }),
      fc.constantFrom("", " ", ",", '"', '""', "\r", "\n", "\r\n", "a\r\nb", '",\r\n"', "=1+1"),
    );
    const line = fc.array(cell, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        expect(parse(lines.map(csvLine).join(""))).toEqual(lines);
      }),
    );
  });

  it("quotes what has to be, and tells nothing from an empty text", () => {
    expect(csvLine(["a", null, "", 'b "c", d', " e", "-1"])).toBe('a,,"","b ""c"", d"," e",-1\r\n');
  });
});
