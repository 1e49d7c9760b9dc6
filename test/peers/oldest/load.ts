import { createRequire } from "node:module";

const native = createRequire(import.meta.url)("./load.cjs") as {
  load(specifier: string): Promise<unknown>;
};

/**
 * Imports a package as this folder has it: the oldest version that is supported. `import` looks from
 * the file that it is written in.
 */
export function load(specifier: string): Promise<unknown> {
  return native.load(specifier);
}
