import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJoinedBy, nameSplitter } from "../../../src/internal/name-splitter.ts";

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

describe("nameSplitter", () => {
  const split = nameSplitter(["tenant_a", '"tenant_a"']);

  it.each([
    ["select * from tenant_a.note", ["select * from ", ".note"]],
    ['select * from "tenant_a".note', ["select * from ", ".note"]],
    ["search_path = 'tenant_a', pg_temp", ["search_path = '", "', pg_temp"]],
    ["tenant_a", ["", ""]],
    ["tenant_a,tenant_a", ["", ",", ""]],
    ["tenant_ab xtenant_a $tenant_a tenant_a$ étenant_a", undefined],
  ])("takes %s apart", (text, pieces) => {
    expect(split(text)).toEqual(pieces ?? [text]);
  });

  it("takes a name for nothing but its characters", () => {
    const odd = 'a.*(b)|[c]{2}^$\\ "d" /e-f';
    expect(nameSplitter([odd, quoted(odd)])(`x ${odd} y ${quoted(odd)}.z`)).toEqual([
      "x ",
      " y ",
      ".z",
    ]);
  });
});

describe("isJoinedBy", () => {
  it("is true of what was taken apart, with the same name or another one", () => {
    const name = fc.string({ maxLength: 12, minLength: 1, unit: "grapheme" });
    const words = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 4, minLength: 1 });
    fc.assert(
      fc.property(name, name, words, (own, other, texts) => {
        const text = texts.join(` ${quoted(own)} `);
        const pieces = nameSplitter([own, quoted(own)])(text);
        expect(isJoinedBy(pieces, [own, quoted(own)], text)).toBe(true);
        const moved = texts.join(` ${quoted(other)} `);
        expect(isJoinedBy(texts.join(" \0 ").split("\0"), [other, quoted(other)], moved)).toBe(
          true,
        );
      }),
    );
  });
});
