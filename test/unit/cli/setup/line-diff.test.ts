import fc from "fast-check";
import { expect, it } from "vitest";
import { diffLines, nearChanges } from "../../../../src/cli/setup/line-diff.ts";
import { formatDiff } from "../../../../src/cli/setup/show.ts";
import { styleOf } from "../../../../src/cli/output.ts";

const lines = fc
  .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
  .map((list) => list.map((line) => `${line}\n`).join(""));

it("has both texts in it", () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const diff = diffLines(before, after);
      const textOf = (other: string): string =>
        diff.flatMap(({ kind, text }) => (kind === other ? [] : [`${text}\n`])).join("");
      expect(textOf("added")).toBe(before);
      expect(textOf("removed")).toBe(after);
    }),
  );
});

it("shows what is near a change, and says that the rest was left out", () => {
  const before = Array.from({ length: 20 }, (_, index) => `${index}\n`).join("");
  const after = before.replace("5\n", "five\n").replace("15\n", "");
  const shown = nearChanges(diffLines(before, after)).map((line) => line?.text ?? "…");
  expect(shown).toEqual(["3", "4", "5", "five", "6", "7", "…", "13", "14", "15", "16", "17"]);
});

it("shows no passwords, and nothing else that a file with secrets has", () => {
  const file = {
    action: "change" as const,
    after: "TOKEN=abc\nURL=postgres://me:secret@host/app\n",
    before: "TOKEN=abc\n",
    isSecret: true,
    path: ".env",
    what: "",
  };
  const style = styleOf({ write: () => undefined });
  const shown = formatDiff(file, style).join("\n");
  expect(shown).toContain("TOKEN=…");
  expect(shown).toContain("postgres://me:…@host/app");
  expect(shown).not.toMatch(/abc|secret/);
});
