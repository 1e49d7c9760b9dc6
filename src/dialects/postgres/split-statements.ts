import type { ScriptStatement } from "../../core/script-sql.ts";
import { endOfComment, endOfDollarQuote, endOfLine, endOfQuote, wordAt } from "./lexical.ts";

/**
 * Splits a script into its statements, as the server's own lexer sees them: nothing is split inside
 * quotes, dollar quotes, comments, parentheses of `create rule`, or `begin atomic … end`.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function splitStatements(script: string): ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  const scanner = new Scanner(script);
  const cut = (to: number): void => {
    const start = scanner.firstToken;
    if (start !== undefined) {
      statements.push({
        line: lineOf(script, start),
        start,
        text: script.slice(start, to).trimEnd(),
      });
    }
    scanner.reset();
  };
  while (scanner.position < script.length) {
    const at = scanner.position;
    if (scanner.next()) cut(at);
  }
  cut(script.length);
  return statements;
}

function lineOf(script: string, position: number): number {
  let line = 1;
  for (let index = script.indexOf("\n"); index >= 0 && index < position;) {
    line += 1;
    index = script.indexOf("\n", index + 1);
  }
  return line;
}

class Scanner {
  position = 0;
  /** Where the first thing that is neither space nor comment stands in the statement at hand. */
  firstToken: number | undefined;
  readonly #text: string;
  #parentheses = 0;
  /** Open `begin atomic` and `case` blocks, which `end` closes. */
  #blocks = 0;
  #previousWord = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** Starts the next statement. */
  reset(): void {
    this.firstToken = undefined;
    this.#parentheses = 0;
    this.#blocks = 0;
    this.#previousWord = "";
  }

  /** Reads one token; tells whether it was a semicolon that ends a statement. */
  next(): boolean {
    const text = this.#text;
    const start = this.position;
    const char = text[start] ?? "";
    const two = text.slice(start, start + 2);
    if (/\s/.test(char)) return this.#skipTo(start + 1);
    if (two === "--") return this.#skipTo(endOfLine(text, start));
    if (two === "/*") return this.#skipTo(endOfComment(text, start));
    if (char === ";" && this.#parentheses === 0 && this.#blocks === 0)
      return !this.#skipTo(start + 1);
    this.firstToken ??= start;
    if (char === "'") return this.#skipTo(endOfQuote(text, start, "'", false));
    if (char === '"') return this.#skipTo(endOfQuote(text, start, '"', false));
    if (char === "$") return this.#skipTo(endOfDollarQuote(text, start));
    if (char === "(") this.#parentheses += 1;
    if (char === ")") this.#parentheses = Math.max(0, this.#parentheses - 1);
    const word = wordAt(text, start);
    if (word !== undefined) return this.#word(word, start);
    return this.#skipTo(start + 1);
  }

  #word(word: string, start: number): false {
    const end = start + word.length;
    const lower = word.toLowerCase();
    // E'…' is the only string in which a backslash escapes.
    if (lower === "e" && this.#text[end] === "'") {
      return this.#skipTo(endOfQuote(this.#text, end, "'", true));
    }
    if (lower === "atomic" && this.#previousWord === "begin") this.#blocks += 1;
    else if (this.#blocks > 0 && lower === "case") this.#blocks += 1;
    else if (this.#blocks > 0 && lower === "end") this.#blocks -= 1;
    this.#previousWord = lower;
    return this.#skipTo(end);
  }

  #skipTo(position: number): false {
    this.position = position;
    return false;
  }
}
