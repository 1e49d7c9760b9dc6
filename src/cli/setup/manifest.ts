import { usageError } from "../usage-error.ts";
import type { ProjectFiles } from "./project-files.ts";

/** What is read of a `package.json`. */
export interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly main?: string;
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly prisma?: { readonly schema?: string };
}

/**
 * Reads the `package.json` of an application.
 *
 * @throws CommanderError where there is none, or it is no JSON object
 */
export function readManifest(files: ProjectFiles): Manifest {
  const text = files.read("package.json");
  if (text === undefined) {
    throw usageError(
      "There is no package.json in this folder. Run `kirayedar setup` where your application's is, or `npm init` first.",
    );
  }
  try {
    const manifest = JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
    if (typeof manifest === "object" && manifest !== null && !Array.isArray(manifest)) {
      // What is there as `null` is not there.
      return Object.fromEntries(Object.entries(manifest).filter(([, value]) => value !== null));
    }
  } catch {
    // What the parser says helps nobody who does not know the place.
  }
  throw usageError("The package.json in this folder is not a JSON object. Correct it first.");
}

/** Lists the packages that an application depends on. */
export function dependenciesOf(manifest: Manifest): Map<string, string> {
  return new Map(Object.entries({ ...manifest.devDependencies, ...manifest.dependencies }));
}
