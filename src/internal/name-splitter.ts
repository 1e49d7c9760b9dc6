/** Characters that names without quotes are made of, on every engine. */
const WORD = String.raw`[\w$\u0080-\u{10ffff}]`;

/**
 * Returns a function that takes a text apart wherever a name stands as a word of its own: before a dot,
 * in a string, as a setting's value.
 *
 * @param spellings - the name as it is, quoted, and as it may stand in a literal
 */
export function nameSplitter(spellings: readonly string[]): (text: string) => string[] {
  const pattern = new RegExp(anyOf(spellings), "u");
  return (text) => text.split(pattern);
}

/** Whether a text consists of pieces with a name between them, however it is spelled each time. */
export function isJoinedBy(
  pieces: readonly string[],
  spellings: readonly string[],
  text: string,
): boolean {
  return new RegExp(`^${pieces.map(escape).join(`(?:${anyOf(spellings)})`)}$`, "u").test(text);
}

function anyOf(spellings: readonly string[]): string {
  // A quoted name holds the bare one.
  const longestFirst = [...new Set(spellings)].toSorted((a, b) => b.length - a.length);
  return longestFirst.map(asWord).join("|");
}

function asWord(spelling: string): string {
  const before = new RegExp(`^${WORD}`, "u").test(spelling) ? `(?<!${WORD})` : "";
  const after = new RegExp(`${WORD}$`, "u").test(spelling) ? `(?!${WORD})` : "";
  return before + escape(spelling) + after;
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
