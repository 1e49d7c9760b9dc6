import { isCode } from "./code-scan.ts";
import type { ProjectFacts } from "./facts.ts";

/** How a file is written, so that what is added looks like the rest. */
export interface CodeStyle {
  /** What ends a line. */
  readonly lineEnd: "\n" | "\r\n";
  /** Quotes of its strings. */
  readonly quote: "'" | '"';
  /** What ends a statement. */
  readonly semicolon: "" | ";";
  /** Whether modules are fetched by `require`. */
  readonly isCommonJs: boolean;
  /** One step of indentation. */
  readonly indent: string;
}

/** Reads the style of a source file. */
export function styleOfCode(text: string): CodeStyle {
  const imports = text.match(/^(?:import\b.*|\}\s*from\b.*|.*\brequire\(.*)["'].*$/gm) ?? [];
  const count = (character: string): number => imports.join("").split(character).length;
  const ended = imports.filter((line) => /;\s*$/.test(line)).length;
  return {
    indent: /^(\t|\x20{2,8})\S/m.exec(text)?.[1] ?? "  ",
    isCommonJs: /\brequire\(/.test(text) && !/^import\b/m.test(text),
    lineEnd: lineEndOf(text),
    quote: count("'") > count('"') ? "'" : '"',
    semicolon: imports.length > 0 && ended * 2 < imports.length ? "" : ";",
  };
}

/** Returns what most lines of a text end with. */
export function lineEndOf(text: string): "\n" | "\r\n" {
  const windows = text.split("\r\n").length - 1;
  return windows * 2 > text.split("\n").length - 1 ? "\r\n" : "\n";
}

/** A name that a file needs from another module. */
export interface Import {
  /** What is imported. */
  readonly names: readonly string[];
  /** The module, as it is written. */
  readonly from: string;
}

/** Writes imports for a person to put in: as the file has its own, or as the application's modules are. */
export function importLines(
  imports: readonly Import[],
  text: string | undefined,
  { language }: Pick<ProjectFacts, "language">,
): string[] {
  const isCommonJs =
    text === undefined
      ? !language.isTypescript && !language.isModule
      : styleOfCode(text).isCommonJs;
  return imports.map(({ from, names }) =>
    isCommonJs
      ? `const { ${names.join(", ")} } = require("${from}");`
      : `import { ${names.join(", ")} } from "${from}";`,
  );
}

/** Adds imports behind the last one, in the style of the file. */
export function insertImports(text: string, imports: readonly Import[]): string {
  const style = styleOfCode(text);
  const { isCommonJs, lineEnd, quote, semicolon } = style;
  const lines = imports.map(({ from, names }) => {
    const list = `{ ${names.join(", ")} }`;
    const module = quote + from + quote;
    return isCommonJs
      ? `const ${list} = require(${module})${semicolon}`
      : `import ${list} from ${module}${semicolon}`;
  });
  const place = endOfImports(text, isCommonJs);
  const added = lines.map((line) => line + lineEnd).join("");
  const before = text.slice(0, place.index);
  const start = before === "" || before.endsWith("\n") ? "" : lineEnd;
  return before + start + added + (place.isBehindOthers ? "" : lineEnd) + text.slice(place.index);
}

const IMPORT = /^import\b(?:\s+type\b)?(?:[^;'"]*?\bfrom)?\s*["'][^"'\n]*["'][^\n]*(?:\r?\n|$)/gm;
const REQUIRE = /^(?:const|let|var)\b[^;=]*=\s*require\([^\n]*(?:\r?\n|$)/gm;

function endOfImports(
  text: string,
  isCommonJs: boolean,
): { readonly index: number; readonly isBehindOthers: boolean } {
  const found = [...text.matchAll(isCommonJs ? REQUIRE : IMPORT)].filter(({ index }) =>
    isCode(text, index),
  );
  const last = found.at(-1);
  if (last !== undefined) return { index: last.index + last[0].length, isBehindOthers: true };
  const [head = ""] = /^(?:\ufeff?#!.*\r?\n)?(?:["']use strict["'];?\s*\r?\n)?/.exec(text) ?? [];
  return { index: head.length, isBehindOthers: false };
}
