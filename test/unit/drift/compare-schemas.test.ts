import { describe, expect, it } from "vitest";
import type { SchemaPart } from "../../../src/core/introspect-sql.ts";
import { compareSchemas, SchemaPicture } from "../../../src/drift/compare-schemas.ts";

function part(
  kind: string,
  name: string,
  definition = "",
  table: string | null = null,
): SchemaPart {
  return { definition, kind, name, table };
}

function compare(
  expected: readonly SchemaPart[],
  actual: readonly SchemaPart[],
): readonly unknown[] {
  return compareSchemas(
    new SchemaPicture(expected, ["reference"]),
    new SchemaPicture(actual, ["tenant"]),
  );
}

const NOTE = [
  part("table", "note"),
  part("column", "id", "integer", "note"),
  part("column", "body", "text", "note"),
  part("index", "by_body", "on body", "note"),
];

describe("compareSchemas", () => {
  it("finds nothing in the same parts, in whatever order they come", () => {
    const [table, id, body, index] = NOTE as [SchemaPart, SchemaPart, SchemaPart, SchemaPart];
    expect(compare(NOTE, [index, id, table, body])).toEqual([]);
  });

  it("tells what is missing, extra and changed, by table and then by kind", () => {
    const actual = [
      part("table", "note"),
      part("column", "id", "bigint", "note"),
      part("trigger", "stamp", "before insert", "note"),
      part("enum", "mood", "'ok'"),
      part("index", "by_body", "on body", "note"),
    ];
    expect(compare(NOTE, actual)).toEqual([
      { actual: "'ok'", change: "extra", kind: "enum", name: "mood" },
      { change: "missing", expected: "text", kind: "column", name: "body", table: "note" },
      {
        actual: "bigint",
        change: "changed",
        expected: "integer",
        kind: "column",
        name: "id",
        table: "note",
      },
      { actual: "before insert", change: "extra", kind: "trigger", name: "stamp", table: "note" },
    ]);
  });

  it("lists a table that is on one side alone as one thing, with all that is in it", () => {
    const whole = "\n  column id integer\n  column body text\n  index by_body on body";
    expect(compare(NOTE, [])).toEqual([
      { change: "missing", expected: whole, kind: "table", name: "note" },
    ]);
    expect(compare([], NOTE)).toEqual([
      { actual: whole, change: "extra", kind: "table", name: "note" },
    ]);
  });

  it("takes a view in the place of a table for two things", () => {
    const differences = compare(NOTE, [part("view", "note", "select 1")]);
    expect(differences).toMatchObject([
      { change: "missing", kind: "table" },
      { change: "extra", kind: "view" },
    ]);
  });

  it("tells columns in another order, but not where one is missing", () => {
    const [table, id, body, index] = NOTE as [SchemaPart, SchemaPart, SchemaPart, SchemaPart];
    expect(compare(NOTE, [table, body, id, index])).toEqual([
      {
        actual: "body, id",
        change: "changed",
        expected: "id, body",
        kind: "column order",
        name: "note",
        table: "note",
      },
    ]);
    const more = part("column", "more", "text", "note");
    expect(compare(NOTE, [table, id, more, body, index])).toMatchObject([{ change: "extra" }]);
  });

  it("tells an index from a column of its name, and a part from that of another table", () => {
    const expected = [...NOTE, part("index", "id", "on id", "note"), part("table", "other")];
    const actual = [...NOTE, part("table", "other"), part("index", "id", "on id", "other")];
    expect(compare(expected, actual)).toMatchObject([
      { change: "missing", kind: "index", table: "note" },
      { change: "extra", kind: "index", table: "other" },
    ]);
  });

  describe("a text with the schema's name in it", () => {
    /** Compares one function of each of two schemas. */
    function isSame([expectedName, expected]: string[], [actualName, actual]: string[]): boolean {
      const picture = (name = "", text = ""): SchemaPicture =>
        new SchemaPicture([part("function", "f()", text)], [name, `"${name}"`]);
      const differences = compareSchemas(
        picture(expectedName, expected),
        picture(actualName, actual),
      );
      return differences.length === 0;
    }

    it.each([
      ["each names its own", ["ref", "from ref.note"], ["acme", "from acme.note"]],
      ["one of them needs quotes", ["ref", "from ref.note"], ["A b", 'from "A b".note']],
      ["neither names itself", ["ref", "from other.note"], ["acme", "from other.note"]],
      ["a word only looks like the name", ["ref", "note.id"], ["note", "note.id"]],
      [
        "another word looks like it, too",
        ["ref", "count(*) from ref.note"],
        ["count", "count(*) from count.note"],
      ],
      ["there are braces", ["ref", "{schema}.a ref.b"], ["acme", "{schema}.a acme.b"]],
    ])("is the same where %s", (_title, expected, actual) => {
      expect(isSame(expected, actual)).toBe(true);
    });

    it.each([
      ["one names the schema of the reference", ["acme", "acme.note"], ["globex", "acme.note"]],
      ["one names a third one's", ["ref", "ref.note"], ["acme", "globex.note"]],
      ["the reference names another one's", ["ref", "acme.note"], ["globex", "globex.note"]],
      ["one names itself, and the other one nobody", ["ref", "note"], ["acme", "acme.note"]],
      ["there are braces", ["ref", "ref.note"], ["acme", "{schema}.note"]],
      ["the name is a part of a word", ["ref", "ref.note"], ["acme", "acmes.note"]],
    ])("differs where %s", (_title, expected, actual) => {
      expect(isSame(expected, actual)).toBe(false);
    });

    it("is shown without it", () => {
      const expected = new SchemaPicture([part("view", "v", 'from "ref".note')], ["ref", '"ref"']);
      const actual = new SchemaPicture([part("view", "v", "from acme.tag")], ["acme", '"acme"']);
      expect(compareSchemas(expected, actual)).toMatchObject([
        { actual: "from {schema}.tag", expected: "from {schema}.note" },
      ]);
    });
  });
});
