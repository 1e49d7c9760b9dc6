import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of an application, by their paths from its root, with `/` between folders. */
export interface ProjectFiles {
  /** Returns the text of a file, or `undefined` where there is none. */
  read(path: string): string | undefined;
  /** Returns the names in a folder, those of folders with `/` at their end; none where it is missing. */
  list(folder: string): readonly string[];
}

/** Reads files below a folder. */
export function createProjectFiles(root: string): ProjectFiles {
  return {
    list: (folder) => {
      try {
        return readdirSync(join(root, folder), { withFileTypes: true })
          .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
          .toSorted();
      } catch (error) {
        return missing(error, []);
      }
    },
    read: (path) => {
      try {
        return readFileSync(join(root, path), "utf8");
      } catch (error) {
        return missing(error, undefined);
      }
    },
  };
}

const MISSING = new Set(["EISDIR", "ENOENT", "ENOTDIR"]);

function missing<Value>(error: unknown, value: Value): Value {
  if (MISSING.has((error as NodeJS.ErrnoException).code ?? "")) return value;
  throw error;
}

/** Lists the folders from the application's root up to that of its repository, as in a workspace. */
export function repositoryFolders(files: ProjectFiles): string[] {
  const folders: string[] = [];
  for (const folder of ["", "..", "../..", "../../.."]) {
    folders.push(folder);
    if (files.list(folder).some((name) => name === ".git" || name === ".git/")) return folders;
  }
  // What is above an application without a repository is none of its business.
  return [""];
}

const LEFT_OUT = new Set(["build/", "coverage/", "dist/", "node_modules/", "out/"]);
const MAX_FILES = 500;

/** Lists source files below a folder, those nearest to it first. */
export function sourceFiles(files: ProjectFiles, folder: string): string[] {
  const found: string[] = [];
  const folders = [folder];
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    for (const name of files.list(next)) {
      const path = next === "" ? name : `${next}/${name}`;
      if (name.endsWith("/")) {
        if (!LEFT_OUT.has(name) && !name.startsWith(".")) folders.push(path.slice(0, -1));
      } else if (isSource(name)) found.push(path);
    }
    if (found.length > MAX_FILES) break;
  }
  return found.slice(0, MAX_FILES);
}

function isSource(name: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(name) && !/\.(?:d\.[cm]?ts|(?:spec|test)\.[jt]sx?)$/.test(name);
}
