import type { ScriptStatement } from "../../core/script-sql.ts";
import { CompoundStatement } from "./compound-statement.ts";
import { readToken, type Token } from "./tokens.ts";

/** The client's own command; the rest of its line is not read. */
const DELIMITER = /delimiter[ \t]+(\S+)[^\n]*/iy;

/**
 * Splits a script into its statements, as the server's own lexer sees them: nothing is split inside
 * strings, names, comments (executable ones too), or the body of a trigger, routine, event, package
 * or block. Lines with the client's command `delimiter` say where statements end, and are left out.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/stored-programs-defining.html
 */
export function splitStatements(script: string): ScriptStatement[] {
  return new Splitter(script).split();
}

class Splitter {
  readonly #script: string;
  readonly #statements: ScriptStatement[] = [];
  #position = 0;
  #delimiter = ";";
  #line = { at: 0, number: 1 };

  constructor(script: string) {
    this.#script = script;
  }

  split(): ScriptStatement[] {
    while (this.#position < this.#script.length) {
      if (!this.#directive()) this.#statement();
    }
    return this.#statements;
  }

  /** Reads what stands between statements, up to a directive; tells whether there was one. */
  #directive(): boolean {
    const script = this.#script;
    while (this.#position < script.length) {
      const token = readToken(script, this.#position);
      if (token.kind !== "space") break;
      this.#position = token.end;
    }
    DELIMITER.lastIndex = this.#position;
    const match = DELIMITER.exec(script);
    if (match === null) return false;
    this.#position += match[0].length;
    this.#delimiter = match[1] ?? ";";
    return true;
  }

  #statement(): void {
    const start = this.#position;
    if (this.#delimiter === ";") {
      const { end } = readStatement(this.#script, start);
      this.#push(this.#script, start, end);
      this.#position = end + 1;
      return;
    }
    const end = endOfChunk(this.#script, start, this.#delimiter);
    this.#splitChunk(start, end);
    this.#position = end + this.#delimiter.length;
  }

  /** What ends with a delimiter of its own is one statement if it has a body, else perhaps several. */
  #splitChunk(start: number, end: number): void {
    // The delimiter itself may look like the rest of a word.
    const text = this.#script.slice(0, end);
    for (let from = start; from < end;) {
      const statement = readStatement(text, from);
      const isWhole = from === start && statement.isCompound;
      const to = isWhole ? endOfLast(text, from) : statement.end;
      this.#push(text, from, to);
      from = isWhole ? end : to + 1;
    }
  }

  #push(script: string, from: number, to: number): void {
    let start = from;
    while (start < to) {
      const { end, kind } = readToken(script, start);
      if (kind !== "space") break;
      start = end;
    }
    const text = script.slice(start, to).trimEnd();
    if (text !== "") this.#statements.push({ line: this.#lineOf(start), start, text });
  }

  #lineOf(position: number): number {
    let { at, number } = this.#line;
    for (let next = this.#script.indexOf("\n", at); next >= 0 && next < position;) {
      number += 1;
      at = next + 1;
      next = this.#script.indexOf("\n", at);
    }
    this.#line = { at, number };
    return number;
  }
}

/** Returns where the semicolon of the statement at `start` stands, or the end of the text. */
function readStatement(
  text: string,
  start: number,
): { readonly end: number; readonly isCompound: boolean } {
  const compound = new CompoundStatement();
  let depth = 0;
  let position = start;
  while (position < text.length) {
    const { mayDollarQuote } = compound;
    const token = readToken(text, position, { isInComment: depth > 0, mayDollarQuote });
    depth = depthAfter(token, depth);
    if (depth === 0 && text[position] === ";" && !compound.isOpen) break;
    compound.take(token, text);
    position = token.end;
  }
  return { end: position, isCompound: compound.isCompound };
}

/** Returns where the last token ends that is neither space nor a semicolon. */
function endOfLast(text: string, start: number): number {
  let end = start;
  for (let position = start; position < text.length;) {
    const token = readToken(text, position);
    if (token.kind !== "space" && text[position] !== ";") end = token.end;
    position = token.end;
  }
  return end;
}

/** Returns where the next delimiter stands; the client looks for it in every place but quotes and comments. */
function endOfChunk(script: string, start: number, delimiter: string): number {
  let depth = 0;
  let position = start;
  while (position < script.length) {
    const token = readToken(script, position, { isInComment: depth > 0 });
    depth = depthAfter(token, depth);
    const isWhole = token.kind !== "word" && token.kind !== "symbol";
    if (depth === 0 && !isWhole && script.startsWith(delimiter, position)) return position;
    position = isWhole ? token.end : position + 1;
  }
  return script.length;
}

function depthAfter({ kind }: Token, depth: number): number {
  if (kind === "open") return depth + 1;
  return kind === "close" ? depth - 1 : depth;
}
