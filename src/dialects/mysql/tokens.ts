/**
 * What a token is. `open` and `close` are the two ends of an executable comment, whose content the
 * server runs; any other comment is `space`.
 */
export type TokenKind = "space" | "string" | "name" | "word" | "symbol" | "open" | "close";

/** One token of SQL text. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Where it starts, in UTF-16 units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** Where in the text a token is read. */
export interface TokenPlace {
  /** Whether it is in an executable comment, which `*` and `/` end. */
  readonly isInComment?: boolean;
  /** Whether `$tag$` begins a quote: MySQL has them where a routine is in another language. */
  readonly mayDollarQuote?: boolean;
}

const SPACE = /[ \t\n\v\f\r]+/y;
// A digit may begin a name. A number with a point is one token, so that no name follows its point.
const WORD = /\d+\.\d*(?![\w$.\u0080-\uffff])|[\w$\u0080-\uffff]+/y;
const OPENING = /\/\*M?!\d{0,6}/y;
const DOLLARS = /\$[A-Za-z0-9_\u0080-\uffff]*\$/y;
/** With this version dumps hide from servers what is meant for the client. */
const NEVER_RUN = /^\/\*M?!999999/;

/**
 * Reads the token at a position, as the server's lexer does in its default `sql_mode`: comments do
 * not nest, and a backslash escapes in both kinds of strings.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/comments.html
 * @see https://mariadb.com/kb/en/comment-syntax/
 */
export function readToken(text: string, start: number, place: TokenPlace = {}): Token {
  const token = (kind: TokenKind, end: number): Token => ({ end, kind, start });
  const space = endOfSpace(text, start);
  if (space > start) return token("space", space);
  const opening = endOf(OPENING, text, start);
  if (opening !== undefined) {
    const isRun = !NEVER_RUN.test(text.slice(start, opening));
    return isRun ? token("open", opening) : token("space", endOfComment(text, start));
  }
  const char = text[start] ?? "";
  const two = text.slice(start, start + 2);
  if (two === "/*") return token("space", endOfComment(text, start));
  if (two === "*/" && place.isInComment === true) return token("close", start + 2);
  if (char === "'" || char === '"') return token("string", endOfString(text, start, char));
  if (char === "`") return token("name", endOfName(text, start));
  const dollars = place.mayDollarQuote === true ? endOf(DOLLARS, text, start) : undefined;
  if (dollars !== undefined) return token("string", endOfDollarQuote(text, start, dollars));
  const word = endOf(WORD, text, start);
  return word === undefined ? token("symbol", start + 1) : token("word", word);
}

/** Returns what a string literal means. */
export function readString(literal: string): string {
  const quote = literal[0] ?? "";
  return literal
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replaceAll(/\\([^])/g, (_all, char: string) => ESCAPES[char] ?? char);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001a",
};

/** Space, and comments to the end of a line. */
function endOfSpace(text: string, start: number): number {
  const space = endOf(SPACE, text, start);
  if (space !== undefined) return space;
  // Two minus signs begin a comment only before a space, a control character or the end.
  const isDashes = text.startsWith("--", start) && !((text.codePointAt(start + 2) ?? 0) > 0x20);
  if (!isDashes && text[start] !== "#") return start;
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end + 1;
}

function endOfComment(text: string, start: number): number {
  const end = text.indexOf("*/", start + 2);
  return end < 0 ? text.length : end + 2;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === quote) {
      if (text[index + 1] !== quote) return index + 1;
      index += 1;
    }
  }
  return text.length;
}

function endOfName(text: string, start: number): number {
  let end = text.indexOf("`", start + 1);
  while (end >= 0 && text[end + 1] === "`") end = text.indexOf("`", end + 2);
  return end < 0 ? text.length : end + 1;
}

function endOfDollarQuote(text: string, start: number, contentStart: number): number {
  const tag = text.slice(start, contentStart);
  const end = text.indexOf(tag, contentStart);
  return end < 0 ? text.length : end + tag.length;
}

function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  return match === null ? undefined : at + match[0].length;
}
