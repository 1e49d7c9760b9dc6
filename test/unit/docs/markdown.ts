import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the whole project. */
export const ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));

/** One Markdown file. */
export interface Document {
  /** Path from the project's folder, with forward slashes. */
  readonly path: string;
  /** Its lines. */
  readonly lines: readonly string[];
  /** Its fenced blocks. */
  readonly blocks: readonly CodeBlock[];
}

/** A fenced block. */
export interface CodeBlock {
  /** What stands behind the fence, such as `ts`. */
  readonly language: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** The code. */
  readonly text: string;
  /** Names from the comment `<!-- given: a, b -->` above it: what its readers have at hand. */
  readonly given: readonly string[];
}

/** Folders in `docs` that hold what is installed and generated there. */
const NOT_WRITTEN = /^(?:node_modules|\.vitepress|project|reference[/\\]modules)[/\\]/;

/** Reads every document of the project. */
export function readDocuments(): Document[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(join(ROOT, "docs"), { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(".md") && !NOT_WRITTEN.test(name))
    .map((name) => join("docs", name));
  return [...top, ...docs].toSorted().map((path) => readDocument(path));
}

/** Reads one document. */
export function readDocument(path: string): Document {
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  return { blocks: blocksOf(lines), lines, path: relative(".", path).replaceAll("\\", "/") };
}

function blocksOf(lines: readonly string[]): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; language: string; start: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, fence = "", language = ""] = /^\s*(`{3,})\s*(\S*)/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== "") open = { fence, language, start: index + 1 };
    } else if (fence === open.fence && language === "") {
      const text = lines.slice(open.start, index).join("\n");
      const given = givenAbove(lines, open.start - 1);
      blocks.push({ given, language: open.language, line: open.start + 1, text });
      open = undefined;
    }
  }
  return blocks;
}

function givenAbove(lines: readonly string[], fence: number): string[] {
  const above = lines.slice(0, fence).findLast((line) => line.trim() !== "") ?? "";
  const [, names = ""] = /^\s*<!-- given: (.+) -->$/.exec(above) ?? [];
  return names === "" ? [] : names.split(",").map((name) => name.trim());
}

/** Returns a document's lines outside of fenced blocks, the others empty, so that numbers stay. */
export function proseOf({ blocks, lines }: Document): string[] {
  const prose = [...lines];
  for (const { line, text } of blocks) {
    const length = text.split("\n").length;
    prose.fill("", line - 1, line - 1 + length);
  }
  return prose;
}

/** Returns the anchors that a document's headings have where it is shown. */
export function anchorsOf(document: Document): Set<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(document)) {
    const [, heading] = /^#{1,6}\s+(.+?)\s*$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const base = toAnchor(heading);
    let anchor = base;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function toAnchor(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
