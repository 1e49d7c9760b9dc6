import { basename, dirname, relative, sep } from "node:path";
import type { LoadedConfig } from "../config.ts";
import type { Output } from "../output.ts";
import type { Generated } from "./generated-file.ts";

/** Where a project is. */
export interface Places {
  /** Its folder: that of the configuration, or the one above it if that is called `src`. */
  readonly root: string;
  /** Path of the configuration file, from there, with `/` between folders. */
  readonly configFile: string;
}

/** Finds out where a project is from its configuration. */
export function placesOf({ file }: Pick<LoadedConfig, "file">): Places {
  const folder = dirname(file);
  const root = basename(folder) === "src" ? dirname(folder) : folder;
  return { configFile: relative(root, file).split(sep).join("/"), root };
}

/** Prints which files were made, and what is left to do. */
export function showGenerated(
  output: Output,
  { additions, files }: Generated,
  paths: readonly string[],
): void {
  const { style } = output;
  output.result({ additions, files: paths }, () => {
    const made = files.map(({ file }) => `${style.green("✓")} Made ${file}.`);
    const places = [...new Set(additions.map(({ where }) => where))];
    const parts = places.map((where) => {
      const lines = additions.filter((addition) => addition.where === where);
      const head = where === "shell" ? "Run it:" : `Add to the ${where}:`;
      return [head, ...lines.map(({ text }) => `  ${text}`)].join("\n");
    });
    return [made.join("\n"), ...parts].join("\n\n");
  });
}
