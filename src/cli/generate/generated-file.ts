import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { usageError } from "../usage-error.ts";

/** A file that a generator makes. */
export interface GeneratedFile {
  /** Its path, from the project's folder. */
  readonly file: string;
  /** What is in it. */
  readonly text: string;
}

/** What a generator makes, and what is left for the person to do. */
export interface Generated {
  /** The files. */
  readonly files: readonly GeneratedFile[];
  /** Lines of code for files that are the person's own, each with where it belongs. */
  readonly additions: readonly { readonly where: string; readonly text: string }[];
}

/**
 * Writes generated files, with the folders above them. One that is there already is never overwritten.
 *
 * @returns their absolute paths
 * @throws CommanderError for a file that is there; those before it in the list have been written
 */
export function writeGenerated(root: string, files: readonly GeneratedFile[]): string[] {
  return files.map(({ file, text }) => {
    const path = resolve(root, file);
    mkdirSync(dirname(path), { recursive: true });
    try {
      writeFileSync(path, text, { flag: "wx" });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== "EEXIST") throw error;
      throw usageError(`The file ${file} is there already. Choose another name, or remove it.`);
    }
    return path;
  });
}
