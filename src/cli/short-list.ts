import { printable } from "./text-width.ts";

const SHOWN_SLUGS = 5;

/** Writes slugs with commas between them; a long list is cut, and says by how much. */
export function shortList(slugs: readonly string[], length: number = slugs.length): string {
  const shown = slugs.slice(0, SHOWN_SLUGS).map((slug) => printable(slug));
  const rest = length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest.toLocaleString("en")} more` : "");
}
