import {
  dollarTagAt,
  endOfComment,
  endOfDollarQuote,
  endOfLine,
  endOfQuote,
  wordAt,
} from "./lexical.ts";

/** What a token is; space and comments are none. `escaped` is a name or string with a prefix. */
export type TokenKind = "word" | "name" | "string" | "dollar" | "escaped" | "symbol";

/** One token of SQL text. */
export interface Token {
  /** What it is. */
  readonly kind: TokenKind;
  /** Where it starts, in UTF-16 units. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** A word in lower case; what a quoted name, a string or a dollar quote holds; a symbol itself. */
  readonly value: string;
}

/** Reads the tokens of a text, as the server's own lexer sees them. */
export function readTokens(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const two = text.slice(at, at + 2);
    if (/\s/.test(text[at] ?? "")) at += 1;
    else if (two === "--") at = endOfLine(text, at);
    else if (two === "/*") at = endOfComment(text, at);
    else {
      const token = readToken(text, at);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function readToken(text: string, start: number): Token {
  const char = text[start] ?? "";
  const token = (kind: TokenKind, end: number, value: string): Token => ({
    end,
    kind,
    start,
    value,
  });
  if (char === "'" || char === '"') {
    const end = endOfQuote(text, start, char, false);
    const value = text.slice(start + 1, end - 1).replaceAll(char + char, char);
    return token(char === "'" ? "string" : "name", end, value);
  }
  if (char === "$") {
    const end = endOfDollarQuote(text, start);
    const tag = dollarTagAt(text, start);
    if (tag === undefined) return token("symbol", end, char);
    return token("dollar", end, text.slice(start + tag.length, end - tag.length));
  }
  const word = wordAt(text, start);
  if (word === undefined) return token("symbol", start + 1, char);
  const end = start + word.length;
  const prefix = word.toLowerCase();
  // E'…', B'…', X'…', N'…', and U&'…' or U&"…".
  const quoteAt = prefix === "u" && text[end] === "&" ? end + 1 : end;
  const quote = text[quoteAt];
  const isPrefix = quoteAt > end ? quote === "'" || quote === '"' : /^[ebxn]$/.test(prefix);
  if (isPrefix && (quote === "'" || (quote === '"' && quoteAt > end))) {
    return token("escaped", endOfQuote(text, quoteAt, quote, prefix === "e"), "");
  }
  return token("word", end, prefix);
}
