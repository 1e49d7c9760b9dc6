import { posix } from "node:path";
import type { FrameworkName, LanguageFacts } from "./facts.ts";
import type { Manifest } from "./manifest.ts";
import type { ProjectFiles } from "./project-files.ts";

interface Places {
  readonly files: ProjectFiles;
  readonly manifest: Manifest;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly entry: string | undefined;
  readonly framework: FrameworkName;
}

/** Finds out how an application's modules are written, and how they name each other. */
export function detectLanguage(places: Places): LanguageFacts {
  const { dependencies, entry, files, framework, manifest } = places;
  const compiler = readCompilerOptions(files);
  const isTypescript =
    compiler !== undefined || dependencies.has("typescript") || /\.[cm]?tsx?$/.test(entry ?? "");
  const isModule = manifest.type === "module" || (entry?.endsWith(".mjs") ?? false);
  const isCompiled = isTypescript && compiler?.outDir !== undefined && compiler.noEmit !== true;
  const common = {
    hasDecorators: compiler?.experimentalDecorators === true,
    isCompiled: isCompiled && framework !== "next",
    isModule,
    isTypescript,
  };
  if (!isTypescript) {
    const ending = isModule && entry?.endsWith(".mjs") !== true ? ".js" : ".mjs";
    return { ...common, fileEnding: ending, importEnding: ending };
  }
  const text = entry === undefined ? "" : (files.read(entry) ?? "");
  return {
    ...common,
    fileEnding: ".ts",
    importEnding: framework === "next" ? "" : (endingIn(text) ?? endingFor(compiler)),
  };
}

/** What is read of a `tsconfig.json`. */
interface CompilerOptions {
  readonly noEmit?: boolean;
  readonly outDir?: string;
  readonly module?: string;
  readonly moduleResolution?: string;
  readonly allowImportingTsExtensions?: boolean;
  readonly rewriteRelativeImportExtensions?: boolean;
  readonly experimentalDecorators?: boolean;
}

const OPTION = /"(\w+)"\s*:\s*(?:"([^"\n]*)"|(true|false))/g;

/**
 * Reads the options by their names, wherever they stand: the file may have comments and trailing
 * commas, and no option of the compiler has the name of another setting.
 */
function readCompilerOptions(files: ProjectFiles): CompilerOptions | undefined {
  const sources = tsconfigs(files, "tsconfig.json");
  if (sources.length === 0) return undefined;
  const options: Record<string, string | boolean> = {};
  for (const source of sources) {
    for (const [, name = "", word, truth] of source.matchAll(OPTION)) {
      options[name] = word ?? truth === "true";
    }
  }
  return options;
}

const MOST_BASES = 8;

/** Returns the texts of a configuration and of those that it extends, the innermost first. */
function tsconfigs(files: ProjectFiles, path: string, depth = 0): string[] {
  const raw = depth > MOST_BASES ? undefined : files.read(path);
  if (raw === undefined) return [];
  const text = withoutComments(raw);
  const [, list = ""] = /"extends"\s*:\s*("[^"]+"|\[[^\]]*\])/.exec(text) ?? [];
  const bases = [...list.matchAll(/"([^"]+)"/g)].flatMap(([, base = ""]) => {
    const found = placesOf(base, path).find((place) => files.read(place) !== undefined);
    return found === undefined ? [] : tsconfigs(files, found, depth + 1);
  });
  return [...bases, text];
}

function placesOf(base: string, from: string): string[] {
  const folders = base.startsWith(".")
    ? [posix.dirname(from)]
    : ["", "..", "../..", "../../.."].map((folder) => posix.join(folder, "node_modules"));
  return folders.flatMap((folder) => {
    const path = posix.join(folder, base);
    return [path, `${path}.json`, `${path}/tsconfig.json`];
  });
}

function withoutComments(text: string): string {
  // A pattern such as `**/*.ts` in a string begins no comment.
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/.*|\/\*[\s\S]*?\*\//g, (found) =>
    found.startsWith('"') ? found : "",
  );
}

/** Returns what relative imports of a file end with. */
function endingIn(text: string): "" | ".js" | ".ts" | undefined {
  const [, path] =
    /\bfrom\s*["'](\.{1,2}\/[^"']+)["']|\brequire\(["'](\.{1,2}\/[^"']+)["']\)/.exec(text) ?? [];
  if (path === undefined) return undefined;
  const [ending = ""] = /\.(?:js|ts)$/.exec(path) ?? [];
  return ending as "" | ".js" | ".ts";
}

function endingFor(compiler: CompilerOptions | undefined): "" | ".js" | ".ts" {
  // Without a configuration, Node.js itself reads the files, by their very names.
  if (compiler === undefined) return ".ts";
  if (
    compiler.allowImportingTsExtensions === true ||
    compiler.rewriteRelativeImportExtensions === true
  ) {
    return ".ts";
  }
  const resolution = (compiler.moduleResolution ?? compiler.module ?? "").toLowerCase();
  return /^node(?:16|18|20|next)$/.test(resolution) ? ".js" : "";
}
