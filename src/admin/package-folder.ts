import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What is read of a `package.json`. */
interface Manifest {
  readonly name?: string;
  readonly version?: string;
}

/** A folder of this package, and what its `package.json` says. */
export interface PackageFolder {
  /** Absolute path. */
  readonly path: string;
  /** Version of the package. */
  readonly version: string;
}

const NAME = "kirayedar";

/**
 * Finds the folder in which this package is installed: above this module, or, where a bundler has
 * taken the code elsewhere, in a `node_modules` above the folder that the process was started in.
 *
 * @returns `undefined` where the package is nowhere near
 */
export function findPackageFolder(
  module: string | undefined = import.meta.url,
  started: string = process.cwd(),
): PackageFolder | undefined {
  for (const path of places(module, started)) {
    const { name, version } = readManifest(join(path, "package.json"));
    if (name === NAME && version !== undefined) return { path, version };
  }
  return undefined;
}

function* places(module: string | undefined, started: string): Generator<string> {
  // `new URL("…", import.meta.url)` in one expression is what bundlers replace by a copy of a file.
  if (module?.startsWith("file:") === true) yield dirname(dirname(dirname(fileURLToPath(module))));
  for (let folder = started; ; folder = dirname(folder)) {
    yield join(folder, "node_modules", NAME);
    if (dirname(folder) === folder) return;
  }
}

function readManifest(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Manifest;
  } catch {
    return {};
  }
}
