const TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const WORD = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;

/** Returns the word that begins at a position: a keyword, or a name without quotes. */
export function wordAt(text: string, start: number): string | undefined {
  return match(WORD, text, start);
}

/** Returns the tag of the dollar quote that begins at a position. */
export function dollarTagAt(text: string, start: number): string | undefined {
  return match(TAG, text, start);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Returns where the comment ends that the end of its line ends: a carriage return is one, too. */
export function endOfLine(text: string, start: number): number {
  const end = /[\n\r]/g;
  end.lastIndex = start;
  return end.test(text) ? end.lastIndex : text.length;
}

/** Returns where a comment ends. Comments nest, other than in C. */
export function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length;) {
    const two = text.slice(index, index + 2);
    if (two === "/*" || two === "*/") {
      depth += two === "/*" ? 1 : -1;
      index += 2;
      if (depth === 0) return index;
    } else index += 1;
  }
  return text.length;
}

const COMMENT_OR_QUOTE = /--|\/\*|["'$]/g;
const PART_OF_WORD = /[A-Za-z0-9_$\u0080-\uffff]/;

/**
 * Returns a text with a space in the place of each comment, also of those in dollar quotes, which may be
 * code. What is looked for in a text can then not hide behind one.
 */
export function withoutComments(text: string): string {
  if (!text.includes("--") && !text.includes("/*")) return text;
  let kept = "";
  let from = 0;
  const marks = new RegExp(COMMENT_OR_QUOTE);
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const start = found.index;
    const isComment = found[0].length === 2;
    const end = isComment ? endOfAnyComment(text, start) : endOfAnyQuote(text, start);
    const tag = isComment ? undefined : dollarTagOf(text, start, end);
    if (isComment) kept += `${text.slice(from, start)} `;
    else if (tag === undefined) kept += text.slice(from, end);
    else {
      const body = withoutComments(text.slice(start + tag.length, end - tag.length));
      kept += text.slice(from, start) + tag + body + tag;
    }
    marks.lastIndex = from = end;
  }
  return kept + text.slice(from);
}

function endOfAnyComment(text: string, start: number): number {
  return text[start] === "-" ? endOfLine(text, start) : endOfComment(text, start);
}

function endOfAnyQuote(text: string, start: number): number {
  const char = text[start] ?? "";
  if (char === "$") return isInWord(text, start) ? start + 1 : endOfDollarQuote(text, start);
  const isEscaping = char === "'" && /e/i.test(text[start - 1] ?? "") && !isInWord(text, start - 1);
  return endOfQuote(text, start, char, isEscaping);
}

/** Returns the tag of what was found to be a dollar quote that ends. */
function dollarTagOf(text: string, start: number, end: number): string | undefined {
  if (text[start] !== "$" || isInWord(text, start)) return undefined;
  const tag = dollarTagAt(text, start);
  return tag !== undefined && text.endsWith(tag, end) && end >= start + 2 * tag.length
    ? tag
    : undefined;
}

function isInWord(text: string, at: number): boolean {
  return PART_OF_WORD.test(text[at - 1] ?? "");
}

/** Returns where a quoted name or string ends. */
export function endOfQuote(text: string, start: number, quote: string, escapes: boolean): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (escapes && text[index] === "\\") index += 1;
    else if (text[index] === quote) {
      if (text[index + 1] !== quote) return index + 1;
      index += 1;
    }
  }
  return text.length;
}

/** Returns where a dollar quote ends; behind the dollar if it begins none. */
export function endOfDollarQuote(text: string, start: number): number {
  const tag = dollarTagAt(text, start);
  // `$1` is a parameter.
  if (tag === undefined) return start + 1;
  const end = text.indexOf(tag, start + tag.length);
  return end < 0 ? text.length : end + tag.length;
}
