/**
 * Imports a package as this folder has it: the oldest version that is supported. `import` looks from
 * the file that it is written in.
 */
export function load(specifier: string): Promise<unknown> {
  return import(/* @vite-ignore */ specifier);
}
