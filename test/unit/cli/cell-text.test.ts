import { expect, it } from "vitest";
import { cellText } from "../../../src/cli/cell-text.ts";

it.each([
  [null, null],
  [undefined, null],
  ["", ""],
  ["text", "text"],
  [1.5, "1.5"],
  [9007199254740993n, "9007199254740993"],
  [false, "false"],
  [new Date(0), "1970-01-01T00:00:00.000Z"],
  [new Date(Number.NaN), ""],
  [Buffer.from([0, 255]), String.raw`\x00ff`],
  [{ a: [1, 2n] }, '{"a":[1,"2"]}'],
  [[1, null], "[1,null]"],
])("writes %o as %o", (value, text) => {
  expect(cellText(value)).toBe(text);
});
