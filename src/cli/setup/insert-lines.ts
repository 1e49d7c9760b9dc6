import { envVariables } from "./environment.ts";
import { lineEndOf } from "./insert-code.ts";

/** A variable of a `.env` file, and what is said of it. */
export interface EnvLine {
  readonly name: string;
  readonly value: string;
  /** Text of a comment above it. */
  readonly about?: string;
}

/** Adds variables to a `.env` file that it does not have yet; everything else stays. */
export function insertVariables(text: string, lines: readonly EnvLine[]): string {
  const there = envVariables(text);
  const missing = lines.filter(({ name }) => there[name] === undefined);
  if (missing.length === 0) return text;
  const lineEnd = lineEndOf(text);
  const gap = text === "" || text.endsWith("\n") ? "" : lineEnd;
  const added = missing.map(({ about, name, value }) => {
    const comment = about === undefined ? "" : `# ${about}${lineEnd}`;
    return `${comment}${name}=${value}${lineEnd}`;
  });
  return text + gap + added.join("");
}
