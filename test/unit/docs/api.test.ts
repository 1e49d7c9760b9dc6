import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDocument, ROOT } from "./markdown.ts";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** Returns the source file of each entry point, by the name that it is imported by. */
function entryPoints(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const files = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [
          [
            manifest.name + path.slice(1),
            target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"),
          ] as const,
        ],
  );
  return new Map(files);
}

/** Returns the names that a file exports. */
function exportedNames(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const listed = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names = ""]) =>
    names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== ""),
  );
  const declared = [...text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
    ([, name = ""]) => name,
  );
  return [...listed, ...declared].toSorted();
}

describe("the reference of entry points", () => {
  const { lines } = readDocument("docs/reference/api.md");
  const sections = new Map(
    lines
      .join("\n")
      .split("\n## ")
      .slice(1)
      .map((section) => [/^`([^`]+)`/.exec(section)?.[1] ?? "", section.replace(/^.*\n/, "")]),
  );
  const entries = entryPoints();

  it("has one section for each entry point, and no other", () => {
    expect([...sections.keys()].toSorted()).toEqual([...entries.keys()].toSorted());
  });

  it.each([...entries])("names everything that `%s` exports, and nothing else", (name, file) => {
    const words = [...(sections.get(name) ?? "").matchAll(/`(\w+)`/g)].map(([, word = ""]) => word);
    // The page also speaks of error codes.
    const named = new Set(words.filter((word) => !/^[A-Z]+_FAILED$/.test(word)));
    expect([...named].toSorted()).toEqual(exportedNames(file));
  });
});
