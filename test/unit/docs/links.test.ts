import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, proseOf, readDocument, readDocuments, ROOT } from "./markdown.ts";

const LINK = /\[[^\]]*\]\(([^()\s]+)\)/g;

/** Returns the links of the project's documents that lead nowhere, as `file:line target`. */
function brokenLinks(): string[] {
  return readDocuments().flatMap((document) =>
    proseOf(document).flatMap((line, index) =>
      [...line.matchAll(LINK)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(document.path, target))
        .map((target) => `${document.path}:${index + 1} ${target}`),
    ),
  );
}

function leadsSomewhere(from: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchorsOf(readDocument(file)).has(anchor);
}

describe("links", () => {
  it("lead to files and headings that exist", () => {
    expect(brokenLinks()).toEqual([]);
  });

  it("reach every page from the index of the documentation", () => {
    const index = readDocument("docs/README.md").lines.join("\n");
    const pages = readDocuments().map(({ path }) => path);
    const missing = pages
      .filter((path) => path.startsWith("docs/") && path !== "docs/README.md")
      .filter((path) => !index.includes(`(${path.slice("docs/".length)})`));
    expect(missing).toEqual([]);
  });
});
