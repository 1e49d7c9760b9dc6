import { closingBracket, onlyMatch } from "../code-scan.ts";
import { ENTRY_PATTERNS } from "../find-entry.ts";
import { styleOfCode } from "../insert-code.ts";
import type { Mount } from "./mount.ts";

const IMPORTED = "TenancyModule.forRoot({ tenancy })";

/** NestJS: a module among the imports of the application's own. */
export const nest: Mount = {
  byHand: () => `imports: [${IMPORTED}],`,
  imports: [{ from: "kirayedar/nest", names: ["TenancyModule"] }],
  insert: (text) => {
    const match = onlyMatch(text, ENTRY_PATTERNS.nest ?? /$^/);
    if (match === undefined) return undefined;
    const open = match.index + match[0].length - 1;
    const close = closingBracket(text, open);
    if (close === undefined) return undefined;
    const properties = text.slice(open, close);
    const list = onlyMatch(properties, /\bimports\s*:\s*\[/);
    if (list !== undefined) return intoList(text, open + list.index + list[0].length);
    if (/\bimports\b/.test(properties)) return undefined;
    const { indent, lineEnd } = styleOfCode(text);
    const rest = text.slice(open + 1);
    const isEmpty = properties.slice(1).trim() === "";
    return `${text.slice(0, open + 1)}${lineEnd}${indent}imports: [${IMPORTED}],${isEmpty ? lineEnd : ""}${rest}`;
  },
  where: "in the decorator of your application's module",
};

/** Puts the module first, so that its middleware is the outermost. */
function intoList(text: string, index: number): string {
  const [gap = ""] = /^\s*/.exec(text.slice(index)) ?? [];
  const isEmpty = text[index + gap.length] === "]";
  const [before, after] = [text.slice(0, index), text.slice(index)];
  if (isEmpty) return `${before}${IMPORTED}${after.trimStart()}`;
  return gap.includes("\n")
    ? `${before}${gap}${IMPORTED},${after}`
    : `${before}${IMPORTED}, ${after}`;
}
