const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Scripts and blocks that terminals draw two columns wide: East Asian Width `W` and `F`. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;

const HALF_WIDTH = /^[\uff61-\uffdc]/u;

const EMOJI = /^\p{Emoji_Presentation}|\ufe0f/u;

/** A cluster that begins with one of these takes no column at all. */
const INVISIBLE = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})+$/u;

/**
 * Counts the terminal columns that text without line breaks takes: two for East Asian wide
 * characters and emoji, none for marks that join the character before them.
 *
 * @see https://www.unicode.org/reports/tr11/
 */
export function textWidth(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += clusterWidth(segment);
  return width;
}

function clusterWidth(cluster: string): number {
  if (INVISIBLE.test(cluster)) return 0;
  if (HALF_WIDTH.test(cluster)) return 1;
  return WIDE.test(cluster) || EMOJI.test(cluster) ? 2 : 1;
}

/** Cuts text to at most `columns` terminal columns, with `…` in place of what is cut off. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const next = width + clusterWidth(segment);
    if (next > columns - 1) break;
    kept += segment;
    width = next;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/**
 * Makes control characters and text-direction overrides visible, as `\u{1b}`. Names of tenants come
 * from their users: printed raw they could move the cursor or recolour what an operator reads.
 *
 * @param text - anything
 * @param lines - whether line breaks and tabs stay as they are
 */
export function printable(text: string, lines: "one" | "many" = "one"): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) =>
      lines === "many" && (character === "\n" || character === "\t")
        ? character
        : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
