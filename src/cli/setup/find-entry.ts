import { onlyMatch } from "./code-scan.ts";
import type { FrameworkName } from "./facts.ts";
import type { Manifest } from "./manifest.ts";
import { type ProjectFiles, sourceFiles } from "./project-files.ts";

/** The line in which each framework's server, or application, is made. */
export const ENTRY_PATTERNS: Readonly<Record<FrameworkName, RegExp | undefined>> = {
  express:
    /^([ \t]*)(?:export\s+)?(?:const|let|var)\s+(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*express\(\s*\)/m,
  fastify:
    /^([ \t]*)(?:export\s+)?(?:const|let|var)\s+(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*[Ff]astify(?:<[^(]*>)?\(/m,
  hono: /^([ \t]*)(?:export\s+)?(?:const|let|var)\s+(\w+)\s*=\s*new\s+Hono(?:<[^(]*>)?\(/m,
  koa: /^([ \t]*)(?:export\s+)?(?:const|let|var)\s+(\w+)\s*=\s*new\s+Koa(?:<[^(]*>)?\(/m,
  nest: /@Module\(\s*\{(?=[\s\S]*?\)\s*export\s+class\s+AppModule\b)/,
  next: undefined,
  node: /\bcreateServer\(/,
  none: undefined,
};

/**
 * Finds the file in which an application's server is made: the one that has the framework's
 * pattern, once; among several the one that the scripts start, or the one nearest to the root.
 */
export function findEntry(
  files: ProjectFiles,
  manifest: Manifest,
  framework: FrameworkName,
): string | undefined {
  const all = [...new Set([...sourceFiles(files, "src"), ...sourceFiles(files, "")])];
  const named = startedFiles(manifest);
  const pattern = ENTRY_PATTERNS[framework];
  if (pattern === undefined) return undefined;
  const fitting = all.filter((path) => onlyMatch(files.read(path) ?? "", pattern) !== undefined);
  return fitting.find((path) => named.has(withoutEnding(path))) ?? fitting[0];
}

/** Files that the scripts name, as sources, without their endings. */
function startedFiles({ main, scripts = {} }: Manifest): ReadonlySet<string> {
  const words = [main ?? "", ...Object.values(scripts)].join(" ").split(/\s+/);
  const paths = words
    .filter((word) => /\.[cm]?[jt]sx?$/.test(word))
    .map((word) => withoutEnding(word.replace(/^\.\//, "")));
  return new Set([...paths, ...paths.map((path) => path.replace(/^(?:build|dist|out)\//, "src/"))]);
}

function withoutEnding(path: string): string {
  return path.replace(/\.[cm]?[jt]sx?$/, "");
}
