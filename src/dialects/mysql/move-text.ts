import { quoteIdentifier } from "./identifier.ts";
import { readString, readToken, type TokenKind } from "./tokens.ts";

/** A token that is not space, in text that the server has stored. */
export interface TextToken {
  /** What it is; a name is one whatever quotes it has. */
  readonly kind: Exclude<TokenKind, "space" | "open" | "close">;
  /** What it says: a name or a string without its quotes. */
  readonly value: string;
  /** Where it starts, in UTF-16 units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

/** Whether two names are the same to the server. */
export type IsSame = (a: string, b: string) => boolean;

/**
 * Reads the tokens of text that was stored under a `sql_mode`, which says what double quotes and
 * backslashes mean.
 */
export function readTokens(text: string, sqlMode: string): TextToken[] {
  const modes = new Set(sqlMode.toUpperCase().split(","));
  const hasAnsiQuotes = modes.has("ANSI_QUOTES");
  const hasEscapes = !modes.has("NO_BACKSLASH_ESCAPES");
  const tokens: TextToken[] = [];
  let depth = 0;
  for (let start = 0; start < text.length;) {
    const quote = text[start] ?? "";
    const isName = quote === '"' && hasAnsiQuotes;
    if (isName || ((quote === "'" || quote === '"') && !hasEscapes)) {
      const end = endOfQuote(text, start, quote);
      const value = text.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
      tokens.push({ end, kind: isName ? "name" : "string", start, value });
      start = end;
      continue;
    }
    const { end, kind } = readToken(text, start, { isInComment: depth > 0 });
    const raw = text.slice(start, end);
    if (kind === "open") depth += 1;
    else if (kind === "close") depth -= 1;
    else if (kind !== "space") tokens.push({ end, kind, start, value: valueOf(kind, raw) });
    start = end;
  }
  return tokens;
}

function endOfQuote(text: string, start: number, quote: string): number {
  let end = text.indexOf(quote, start + 1);
  while (end >= 0 && text[end + 1] === quote) end = text.indexOf(quote, end + 2);
  return end < 0 ? text.length : end + 1;
}

function valueOf(kind: TokenKind, raw: string): string {
  if (kind === "string") return readString(raw);
  return kind === "name" ? raw.slice(1, -1).replaceAll("``", "`") : raw;
}

/** Whether a token is this word, unquoted. */
export function isWord(token: TextToken | undefined, ...words: readonly string[]): boolean {
  return token?.kind === "word" && words.includes(token.value.toUpperCase());
}

function isDot(token: TextToken | undefined): boolean {
  return token?.kind === "symbol" && token.value === ".";
}

/** Whether a token stands where a name begins, and says this. */
function startsWith(
  tokens: readonly TextToken[],
  index: number,
  name: string,
  isSame: IsSame,
): boolean {
  const token = tokens[index];
  if (token === undefined || (token.kind !== "name" && token.kind !== "word")) return false;
  const before = tokens[index - 1];
  const isVariable =
    before?.kind === "symbol" && before.value === "@" && before.end === token.start;
  return isSame(token.value, name) && !isDot(before) && !isVariable;
}

/**
 * Whether stored text names a schema: before a dot, or in a string that looks like it, from which a
 * statement may be made.
 */
export function namesSchema(
  tokens: readonly TextToken[],
  schemaName: string,
  isSame: IsSame,
): boolean {
  return tokens.some((token, index) =>
    token.kind === "string"
      ? quotesName(token.value, schemaName, isSame)
      : startsWith(tokens, index, schemaName, isSame) && isDot(tokens[index + 1]),
  );
}

const NAME_CHARACTER = /[\w$\u0080-\uffff]/;

function quotesName(text: string, schemaName: string, isSame: IsSame): boolean {
  const { length } = schemaName;
  for (let at = 0; at + length < text.length; at += 1) {
    if (!isSame(text.slice(at, at + length), schemaName)) continue;
    const isWhole = at === 0 || !NAME_CHARACTER.test(text[at - 1] ?? "");
    if (isWhole && /^[`"]?\s*\./.test(text.slice(at + length))) return true;
  }
  return false;
}

/**
 * Puts one schema's name in the place of another's in a statement as the server writes it; strings
 * stay as they are. `undefined` if something else in it, such as an alias, may have that name too.
 */
export function replaceSchema(
  text: string,
  sqlMode: string,
  names: { readonly from: string; readonly to: string },
  isSame: IsSame,
): string | undefined {
  const tokens = readTokens(text, sqlMode);
  let replaced = "";
  let done = 0;
  for (const [index, token] of tokens.entries()) {
    if (!startsWith(tokens, index, names.from, isSame)) continue;
    if (isDot(tokens[index + 1])) {
      replaced += text.slice(done, token.start) + quoteIdentifier(names.to);
      done = token.end;
    } else if (!isWord(tokens[index - 1], "AS")) {
      // A column's alias is only ever read on its own; a table's may stand before a dot.
      return undefined;
    }
  }
  return replaced + text.slice(done);
}

/** The parts of the beginning of a `create` statement that are the same for all kinds. */
export interface Header {
  /** `definer = …` with a space behind it, or nothing. */
  readonly definer: string;
  /** Where the word for the kind stands among the tokens. */
  readonly at: number;
}

/** Reads a `create` statement up to the word that says what it makes. */
export function readHeader(tokens: readonly TextToken[], kind: string): Header | undefined {
  const at = tokens.findIndex((token) => isWord(token, kind));
  if (at < 0) return undefined;
  const definerAt = tokens.slice(0, at).findIndex((token) => isWord(token, "DEFINER"));
  if (definerAt < 0) return { at, definer: "" };
  const [user, sign, host] = tokens.slice(definerAt + 2, at);
  if (user === undefined) return undefined;
  const isAtHost = sign?.value === "@" && host !== undefined;
  return {
    at,
    definer: `definer = ${quoteIdentifier(user.value)}${isAtHost ? `@${quoteIdentifier(host.value)}` : ""} `,
  };
}
