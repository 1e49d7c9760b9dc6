import { fileURLToPath } from "node:url";
import type { Jiti } from "jiti";

let typescript: Promise<Jiti> | undefined;

/**
 * Imports a module by its file URL, TypeScript too, on every supported version of Node.js.
 *
 * JavaScript is left to Node.js itself. TypeScript always goes through the same compiler: Node.js
 * 20 cannot read it, and later ones refuse enums and paths without an extension, which would make
 * a configuration depend on the version that runs it.
 *
 * @param url - file URL of the module
 */
export async function importModule(url: string): Promise<unknown> {
  const path = fileURLToPath(url);
  if (!/\.[cm]?tsx?$/.test(path)) return import(url);
  typescript ??= createImporter();
  return (await typescript).import(path);
}

async function createImporter(): Promise<Jiti> {
  const { createJiti } = await import("jiti");
  // The default export is taken by its name; guessing would hide that a file has none.
  return createJiti(import.meta.url, { interopDefault: false });
}
