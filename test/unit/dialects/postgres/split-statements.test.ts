import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitStatements } from "../../../../src/dialects/postgres/split-statements.ts";

const texts = (script: string): string[] => splitStatements(script).map(({ text }) => text);

describe("splitStatements", () => {
  it.each([
    ["", []],
    [" ;; \n ; ", []],
    ["-- nothing\n/* at all */", []],
    ["select 1", ["select 1"]],
    ["select 1;select 2;", ["select 1", "select 2"]],
    ["select ';' ; select 2", ["select ';'", "select 2"]],
    ["select 'it''s;' ; x", ["select 'it''s;'", "x"]],
    [String.raw`select E'\';' ; x`, [String.raw`select E'\';'`, "x"]],
    [String.raw`select '\' ; x`, [String.raw`select '\'`, "x"]],
    ['select ";""" ; x', ['select ";"""', "x"]],
    ["select $$;$$ ; x", ["select $$;$$", "x"]],
    ["select $a$;$b$;$a$ ; x", ["select $a$;$b$;$a$", "x"]],
    ["select $1; x", ["select $1", "x"]],
    ["select a$b$; x$b$", ["select a$b$", "x$b$"]],
    ["select 1 /* ; /* ; */ ; */ ; x", ["select 1 /* ; /* ; */ ; */", "x"]],
    ["select 1 -- ;\n; x", ["select 1 -- ;", "x"]],
    [
      "create rule r as on insert to t do also (a; b); x",
      ["create rule r as on insert to t do also (a; b)", "x"],
    ],
    [
      "create function f() returns int begin atomic select case when true then 1 end; select 2; end; x",
      [
        "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
        "x",
      ],
    ],
    ["begin; commit; x", ["begin", "commit", "x"]],
  ])("splits %j", (script, expected) => {
    expect(texts(script)).toEqual(expected);
  });

  it("says where each statement starts", () => {
    const script = "\n-- one\nselect 1;\n\n  select\n2;";
    expect(splitStatements(script)).toEqual([
      { line: 3, start: 8, text: "select 1" },
      { line: 5, start: 21, text: "select\n2" },
    ]);
  });

  const plain = fc.stringMatching(/^[a-z0-9 ,=]{0,12}$/);
  const inside = fc.stringMatching(/^[a-z;\n -]{0,12}$/);
  const quoted = fc.oneof(
    inside.map((text) => `'${text}'`),
    inside.map((text) => `"${text}"`),
    inside.map((text) => `$tag$${text}$tag$`),
    inside.map((text) => `/*${text}*/`),
    inside.map((text) => `--${text.replaceAll("\n", " ")}\n`),
  );
  const statement = fc
    .tuple(plain, quoted, plain, quoted)
    .map((parts) => `select ${parts.join(" ")} x`);

  it("never splits inside quotes and comments, and loses nothing", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (statements) => {
        expect(texts(statements.join(" ;\n"))).toEqual(statements);
      }),
    );
  });

  it("finds every statement in the script, in order, whatever the text is", () => {
    fc.assert(
      fc.property(
        fc.string({
          maxLength: 60,
          unit: fc.constantFrom(
            "a",
            "'",
            '"',
            "$",
            ";",
            "-",
            "/",
            "*",
            "(",
            ")",
            "\n",
            " ",
            "E",
            "\\",
          ),
        }),
        (script) => {
          let from = 0;
          for (const { start, text } of splitStatements(script)) {
            expect(start).toBeGreaterThanOrEqual(from);
            expect(script.startsWith(text, start)).toBe(true);
            from = start + text.length;
          }
        },
      ),
    );
  });
});
