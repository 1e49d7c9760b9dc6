import { isWord, readTokens, type TextToken } from "./move-text.ts";

/** A piece of a `create table` statement. */
export interface TablePiece {
  /** What it is. */
  readonly kind: string;
  /** Its name; `null` for what is said of the table itself. */
  readonly own: string | null;
  /** What is said of it. */
  readonly definition: string;
}

/** Takes a table apart, as `show create table` writes it: columns in their order, keys, options. */
export function splitTable(text: string, sqlMode: string): TablePiece[] {
  const tokens = readTokens(text, sqlMode);
  const open = tokens.findIndex((token) => isSymbol(token, "("));
  const close = closingOf(tokens, open);
  const end = tokens[close];
  if (open < 0 || end === undefined) return [{ definition: text, kind: "table", own: null }];
  const options = withoutCounter(text, tokens.slice(close + 1), end.end);
  return [
    { definition: options, kind: "table", own: null },
    ...itemsOf(tokens, open, close).map(([from, to]) => readItem(text, tokens, from, to)),
  ];
}

/** Index of the bracket that closes the one at `open`; -1 if none does. */
function closingOf(tokens: readonly TextToken[], open: number): number {
  let depth = 0;
  for (let index = Math.max(open, 0); index < tokens.length; index += 1) {
    if (isSymbol(tokens[index], "(")) depth += 1;
    else if (isSymbol(tokens[index], ")")) depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/** First token of each item between two brackets, and the one behind its last. */
function itemsOf(tokens: readonly TextToken[], open: number, close: number): [number, number][] {
  const items: [number, number][] = [];
  let from = open + 1;
  for (let index = from; index <= close; index += 1) {
    if (isSymbol(tokens[index], "(")) index = closingOf(tokens, index);
    else if (index === close || isSymbol(tokens[index], ",")) {
      items.push([from, index]);
      from = index + 1;
    }
  }
  return items;
}

function readItem(
  text: string,
  tokens: readonly TextToken[],
  from: number,
  to: number,
): TablePiece {
  const start = tokens[from]?.start ?? 0;
  const end = tokens[to]?.start ?? text.length;
  const named = (kind: string, at: number): TablePiece => {
    const name = tokens[at];
    const before = text.slice(start, name?.start ?? end);
    const after = text.slice(name?.end ?? end, end).trim();
    return { definition: (kind === "index" ? before : "") + after, kind, own: name?.value ?? "" };
  };
  const [first, second, third] = tokens.slice(from, from + 3);
  if (isWord(first, "CONSTRAINT")) return named("constraint", from + 1);
  if (isWord(first, "PRIMARY") && isWord(second, "KEY")) {
    return { definition: text.slice(start, end).trim(), kind: "index", own: "PRIMARY" };
  }
  if (isWord(first, "PERIOD") && isWord(second, "FOR")) return named("period", from + 2);
  if (isWord(first, "KEY", "INDEX")) return named("index", from + 1);
  if (third !== undefined && first?.kind === "word" && isWord(second, "KEY", "INDEX")) {
    return named("index", from + 2);
  }
  return named("column", from);
}

/** The next value of `auto_increment` is data. */
function withoutCounter(text: string, tokens: readonly TextToken[], from: number): string {
  const at = tokens.findIndex(
    (token, index) => isWord(token, "AUTO_INCREMENT") && isSymbol(tokens[index + 1], "="),
  );
  const [word, , value] = at < 0 ? [] : tokens.slice(at, at + 3);
  const kept =
    word === undefined || value === undefined
      ? text.slice(from)
      : text.slice(from, word.start).trimEnd() + text.slice(value.end);
  return kept.trim();
}

/** Leaves out who made a view or a routine: another user of the server is no other schema. */
export function withoutDefiner(text: string, sqlMode: string, kind: string): string {
  const tokens = readTokens(text, sqlMode);
  const end = tokens.findIndex((token) => isWord(token, kind.toUpperCase()));
  const at = tokens.slice(0, Math.max(end, 0)).findIndex((token) => isWord(token, "DEFINER"));
  const [definer, , user, sign, host] = at < 0 ? [] : tokens.slice(at, at + 5);
  if (definer === undefined || user === undefined) return text;
  const last = isSymbol(sign, "@") && host !== undefined ? host : user;
  return text.slice(0, definer.start) + text.slice(last.end).trimStart();
}

function isSymbol(token: TextToken | undefined, symbol: string): boolean {
  return token?.kind === "symbol" && token.value === symbol;
}
