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

/** Returns where the comment ends that the end of its line ends. */
export function endOfLine(text: string, start: number): number {
  const end = text.indexOf("\n", start);
  return end < 0 ? text.length : end + 1;
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
