import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Document, ROOT } from "../../unit/docs/markdown.ts";
import { MAIN, NODE } from "../cli/workspace.ts";

/** A folder in which somebody follows a page of the documentation. */
export interface Project {
  /** Absolute path. */
  readonly folder: string;
  /** Writes a file. */
  write(path: string, text: string): void;
  /** Runs a file with Node.js, and returns what it prints. */
  node(...args: readonly string[]): Promise<string>;
  /** Runs a line of a page that begins with `npx kirayedar`. */
  npx(line: string): Promise<void>;
  /** Deletes the folder. */
  remove(): void;
}

const run = promisify(execFile);

/**
 * Makes a project with the package as an installation has it, but with the sources for what is
 * built.
 *
 * @param packages - what the page tells to install beside it
 */
export function createProject(packages: readonly string[] = ["pg"]): Project {
  const folder = mkdtempSync(join(tmpdir(), "kirayedar-docs-"));
  const modules = join(folder, "node_modules");
  const own = join(modules, "kirayedar");
  mkdirSync(own, { recursive: true });
  symlinkSync(join(ROOT, "src"), join(own, "src"), "junction");
  writeFileSync(
    join(own, "package.json"),
    JSON.stringify({ exports: sourcesByName(), type: "module" }),
  );
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name), "junction");
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return {
    folder,
    node: async (...args) => (await run(NODE, args, { cwd: folder })).stdout,
    npx: async (line) =>
      void (await run(NODE, [MAIN, ...line.split(" ").slice(2)], { cwd: folder })),
    remove: () => rmSync(folder, { force: true, recursive: true }),
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
  };
}

/** Returns the source of each entry point, by the name in `exports`. */
function sourcesByName(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([name, target]) =>
      typeof target === "string"
        ? []
        : [[name, target.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts")]],
    ),
  );
}

/** Returns the files that a page tells to make, by path: TypeScript by its first line. */
export function filesOf({ blocks }: Document): Map<string, string> {
  const files = new Map<string, string>();
  for (const { language, text } of blocks) {
    const [, name] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? [];
    if (language === "ts" && name !== undefined) files.set(name, text);
  }
  return files;
}

/** Returns the lines of a page's shell blocks that begin with a word. */
export function commandsOf({ blocks }: Document, word: string): string[] {
  return blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.split("\n"))
    .filter((line) => line.startsWith(`${word} `));
}
