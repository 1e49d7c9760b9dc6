import fc from "fast-check";
import { expect, it } from "vitest";
import { postgres } from "../../../../src/dialects/postgres/index.ts";
import { readTokens } from "../../../../src/dialects/postgres/tokens.ts";

const NAMES = { keep: ["kept"], schema: "public" };
const unqualify = (script: string): string => postgres.script.unqualify(script, NAMES).text;

/** Parts that stand for themselves, however they follow each other. */
const piece = fc.constantFrom(
  "select ",
  "update t set ",
  "from ",
  "(",
  ")",
  ", ",
  "::",
  " = ",
  " and ",
  " * ",
  ";\n",
  "\r\n",
  " /* public.a /* ' */ */ ",
  " -- public.b '\n",
  "'public.c'",
  "'it''s public.d'",
  `"public.e"`,
  `"pub""lic"`,
  `"PUBLIC".`,
  "E'\\'public.f'",
  "$$public.g$$",
  "$a$ public.h $$ $a$",
  "publicity.i ",
  "x.public ",
  "public",
  " public ",
  "$1 ",
  "1.5",
  "U&'d'",
  "é.j ",
  "\u{1F600}",
);
/** What is to be changed. */
const qualified = fc
  .tuple(
    fc.constantFrom("public", "PUBLIC", `"public"`, "Public"),
    fc.constantFrom(".", " . ", "\n.", ".\t", "./* c */", " -- c\n."),
    fc.constantFrom("t", "Users", `"Users"`, `"a""b"`, "order", "é", "kept", `"pub.lic"`),
  )
  .map((parts) => `${parts.join("")} `);

it("changes nothing but qualifiers, whatever is around them", () => {
  const script = fc
    .array(fc.oneof(piece, qualified), { maxLength: 25 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(script, (text) => {
      const result = unqualify(text);
      expect(valuesOf(result)).toEqual(withoutQualifiers(valuesOf(text)));
      expect(result.split("\n")).toHaveLength(text.split("\n").length);
      expect(unqualify(result)).toBe(result);
    }),
    { numRuns: 3_000 },
  );
});

interface Value {
  readonly kind: string;
  readonly value: string;
}

/** Names are alike, quoted or not. */
function valuesOf(text: string): Value[] {
  return readTokens(text).map(({ kind, value }) => ({
    kind: kind === "word" ? "name" : kind,
    value,
  }));
}

function withoutQualifiers(values: readonly Value[]): Value[] {
  const skipped = new Set<number>();
  for (const [index, { kind, value }] of values.entries()) {
    const [before, point, name] = [values[index - 1], values[index + 1], values[index + 2]];
    const isSchema = kind === "name" && value === "public" && before?.value !== ".";
    if (!isSchema || point?.value !== "." || name?.kind !== "name" || name.value === "kept")
      continue;
    skipped.add(index).add(index + 1);
  }
  return values.filter((_, index) => !skipped.has(index));
}
