import { closingBracket, onlyMatch } from "../code-scan.ts";
import { styleOfCode } from "../insert-code.ts";

/** Where a statement that makes an application is, and what it makes. */
export interface MadeApp {
  /** The name that the application has. */
  readonly name: string;
  /** What its line begins with. */
  readonly indent: string;
}

/**
 * Adds statements, one a line, behind the one that makes an application, such as
 * `const app = express();`.
 *
 * @param pattern - matches the statement up to the bracket of its call; its first group is the
 *   indentation, its second the name
 * @returns the new text, or `undefined` where there is no such statement, or several
 */
export function insertBehind(
  text: string,
  pattern: RegExp,
  line: (app: MadeApp) => string | undefined,
): string | undefined {
  const match = onlyMatch(text, pattern);
  if (match === undefined) return undefined;
  const [found, indent = "", name = ""] = match;
  const open = match.index + found.lastIndexOf("(");
  const close = closingBracket(text, open);
  if (close === undefined) return undefined;
  // Behind the call there may be a semicolon and a comment, and no more calls.
  const [rest] = /^;?[ \t]*(?:\/\/[^\n]*)?(?=\r?\n|$)/.exec(text.slice(close + 1)) ?? [];
  if (rest === undefined) return undefined;
  // What follows on the next line may go on with the same statement.
  const end = close + 1 + rest.length;
  if (/^\s*[.?[(]/.test(text.slice(end)) && !rest.startsWith(";")) return undefined;
  const { lineEnd, quote, semicolon } = styleOfCode(text);
  const added = line({ indent, name });
  if (added === undefined) return undefined;
  const lines = added
    .replaceAll('"', quote)
    .split("\n")
    .map((one) => lineEnd + indent + one + semicolon);
  return text.slice(0, end) + lines.join("") + text.slice(end);
}
