import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { TenancyConfig } from "../core/config.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { importModule } from "./import-module.ts";

/** A configuration file that was read. */
export interface LoadedConfig {
  /** What the file exports, with `rootDir` filled in; tenants are migrated when a command says so. */
  readonly config: TenancyConfig;
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute path of the folder that relative migration folders start from. */
  readonly rootDir: string;
}

/** Names that are looked for, in this order. */
export const CONFIG_NAMES: readonly string[] = [
  "kirayedar.config.ts",
  "kirayedar.config.mts",
  "kirayedar.config.js",
  "kirayedar.config.mjs",
];

/** Folder that a configuration may be in, too: where a compiler takes its files from. */
const SOURCE_FOLDER = "src";

/** Environment variable that names a configuration file when the command line does not. */
export const CONFIG_VARIABLE: string = "KIRAYEDAR_CONFIG";

/**
 * Returns the absolute path of the configuration file: `file`, or the first one found in `cwd`, its
 * folder `src`, and the folders above it.
 *
 * @throws TenancyError `CONFIG_NOT_FOUND`
 */
export function findConfig(cwd: string, file?: string): string {
  if (file !== undefined) {
    const path = resolve(cwd, file);
    if (isFile(path)) return path;
    throw new TenancyError("CONFIG_NOT_FOUND", `There is no configuration file ${path}.`);
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const found = [folder, join(folder, SOURCE_FOLDER)]
      .flatMap((place) => CONFIG_NAMES.map((name) => join(place, name)))
      .find(isFile);
    if (found !== undefined) return found;
    if (dirname(folder) === folder) break;
  }
  throw new TenancyError(
    "CONFIG_NOT_FOUND",
    `There is no kirayedar.config.ts, .mts, .js or .mjs in ${resolve(cwd)}, its folder src, or a folder above it.`,
  );
}

/**
 * Reads a configuration file, after the variables of the `.env` beside it (beside `src`, if it is in
 * there) that are not set yet.
 *
 * @throws TenancyError `CONFIG_NOT_FOUND`; `INVALID_CONFIG` when the file throws, or exports no
 *   configuration
 */
export async function loadConfig(cwd: string, file?: string): Promise<LoadedConfig> {
  const path = findConfig(cwd, file);
  const shown = relative(cwd, path) || path;
  const home = homeOf(path);
  loadEnvironment(home);
  const exported = await readDefaultExport(path, shown);
  if (!isConfig(exported)) {
    throw new TenancyError("INVALID_CONFIG", `The file ${shown} exports no configuration.`, {
      remedy:
        "Make `defineConfig({ database: … })`, or a function that returns it, its default export.",
    });
  }
  const rootDir = resolve(home, exported.rootDir ?? ".");
  return { config: { ...byHand(exported), rootDir }, file: path, rootDir };
}

/** Returns the folder that a configuration is for: the one above, if it is among the sources. */
function homeOf(path: string): string {
  const folder = dirname(path);
  return basename(folder) === SOURCE_FOLDER && !isFile(join(folder, "package.json"))
    ? dirname(folder)
    : folder;
}

/** Who looks into a tenant by command must not change it by that. */
function byHand(config: TenancyConfig): TenancyConfig {
  if (config.migrations?.migrate !== "on-request") return config;
  return { ...config, migrations: { ...config.migrations, migrate: "manually" } };
}

async function readDefaultExport(path: string, shown: string): Promise<unknown> {
  try {
    const exported = defaultOf(await importModule(pathToFileURL(path).href));
    return typeof exported === "function" ? await (exported as () => unknown)() : exported;
  } catch (error) {
    throw new TenancyError("INVALID_CONFIG", `The file ${shown} could not be loaded.`, {
      cause: error,
      remedy: "Look at the cause, which is the error that it threw.",
    });
  }
}

function defaultOf(module: unknown): unknown {
  return (module as { readonly default?: unknown } | null)?.default;
}

function isConfig(value: unknown): value is TenancyConfig {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { readonly database?: unknown }).database === "object"
  );
}

function loadEnvironment(folder: string): void {
  const file = join(folder, ".env");
  if (isFile(file)) process.loadEnvFile(file);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
