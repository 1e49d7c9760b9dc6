/** Characters that names without quotes are made of, on every engine. */
const WORD = String.raw`[\w$\u0080-\u{10ffff}]`;

/**
 * Returns a function that puts `by` in the place of a name, however it is written, wherever it stands
 * as a word of its own: before a dot, in a string, as a setting's value.
 *
 * @param spellings - the name as it is, quoted, and as it may stand in a literal
 */
export function nameReplacer(spellings: readonly string[], by: string): (text: string) => string {
  // A quoted name holds the bare one.
  const alternatives = [...new Set(spellings)]
    .toSorted((a, b) => b.length - a.length)
    .map((spelling) => {
      const before = startsWithWord(spelling) ? `(?<!${WORD})` : "";
      const after = endsWithWord(spelling) ? `(?!${WORD})` : "";
      return before + spelling.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`) + after;
    });
  const pattern = new RegExp(alternatives.join("|"), "gu");
  // A function: `$` in a replacement text would mean something.
  return (text) => text.replace(pattern, () => by);
}

function startsWithWord(text: string): boolean {
  return new RegExp(`^${WORD}`, "u").test(text);
}

function endsWithWord(text: string): boolean {
  return new RegExp(`${WORD}$`, "u").test(text);
}
