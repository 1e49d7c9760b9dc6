import { expect, it } from "vitest";
import { formatTable } from "../../../src/cli/table.ts";

interface Row {
  readonly name: string | null;
  readonly size: number;
}

const columns = [
  { cell: ({ name }: Row) => name, title: "NAME" },
  { align: "right" as const, cell: ({ size }: Row) => size, title: "SIZE" },
  { cell: ({ size }: Row) => (size > 1 ? "large" : "small"), title: "KIND" },
];

it("aligns columns to the left and to the right", () => {
  const rows = [
    { name: "acme", size: 1 },
    { name: "globex", size: 12345 },
  ];
  expect(formatTable(rows, columns)).toBe(
    ["NAME     SIZE  KIND", "acme        1  small", "globex  12345  large"].join("\n"),
  );
});

it("counts wide characters as two columns", () => {
  const rows = [
    { name: "日本", size: 1 },
    { name: "abcd", size: 2 },
  ];
  expect(formatTable(rows, columns)).toBe(
    ["NAME  SIZE  KIND", "日本     1  small", "abcd     2  large"].join("\n"),
  );
});

it("shows missing values as a dash and ends no line in blanks", () => {
  const table = formatTable(
    [{ name: null, size: 1 }],
    [
      { cell: () => "x", title: "A LONG TITLE" },
      { cell: ({ name }: Row) => name, title: "NAME" },
    ],
  );
  expect(table).toBe("A LONG TITLE  NAME\nx             -");
});

it("cannot be broken by control characters in a cell", () => {
  const table = formatTable([{ name: "a\nb\u001b[31m", size: 1 }], columns);
  expect(table.split("\n")).toHaveLength(2);
  expect(table).not.toContain("\u001b");
});

it("adds colour without moving columns", () => {
  const styled = formatTable(
    [
      { name: "a", size: 1 },
      { name: "long", size: 2 },
    ],
    [
      { cell: ({ name }: Row) => name, style: (text: string) => `<${text}>`, title: "NAME" },
      { cell: ({ size }: Row) => size, title: "SIZE" },
    ],
    { heading: (text) => `*${text}*` },
  );
  expect(styled).toBe("*NAME*  *SIZE*\n<a>     1\n<long>  2");
});

it("may have columns without a heading", () => {
  const table = formatTable(
    [{ name: "acme", size: 1 }],
    [
      { cell: () => "x", title: "" },
      { cell: ({ name }: Row) => name, title: "NAME" },
      { cell: () => "newest", title: "" },
    ],
  );
  expect(table).toBe("   NAME\nx  acme  newest");
});
