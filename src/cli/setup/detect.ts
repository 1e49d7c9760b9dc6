import { CONFIG_NAMES } from "../config.ts";
import { detectDatabase } from "./detect-database.ts";
import { detectLanguage } from "./detect-language.ts";
import { detectDrivers, detectFramework, detectOrm } from "./detect-stack.ts";
import type { Environment } from "./environment.ts";
import { findEntry } from "./find-entry.ts";
import type { PackageManager, ProjectFacts } from "./facts.ts";
import type { Manifest } from "./manifest.ts";
import { dependenciesOf, readManifest } from "./manifest.ts";
import type { ProjectFiles } from "./project-files.ts";

/**
 * Finds out what an application is made with. Reads its files, and changes nothing.
 *
 * @throws CommanderError where there is no `package.json`, or it cannot be read
 */
export function detectProject(files: ProjectFiles, environment: Environment): ProjectFacts {
  const manifest = readManifest(files);
  const dependencies = dependenciesOf(manifest);
  const framework = detectFramework(dependencies);
  const orm = detectOrm(dependencies);
  const prismaSchema = orm.name === "prisma" ? findPrismaSchema(files, manifest) : undefined;
  const sourceFolder = files.list("src").length > 0 ? "src" : "";
  const drivers = detectDrivers(dependencies);
  const entry = findEntry(files, manifest, framework.name);
  const ormMigrations = findOrmMigrations(files);
  const config = findConfig(files);
  return {
    database: detectDatabase({ drivers, environment, files, prismaSchema }),
    dependencies,
    drivers,
    framework: framework.name,
    language: detectLanguage({ dependencies, entry, files, framework: framework.name, manifest }),
    name: manifest.name ?? "app",
    orm: orm.name,
    packageManager: detectPackageManager(files, manifest),
    sourceFolder,
    ...(config !== undefined && { config }),
    ...(entry !== undefined && { entry }),
    ...(framework.other !== undefined && { otherFramework: framework.other }),
    ...(orm.other !== undefined && { otherOrm: orm.other }),
    ...(ormMigrations !== undefined && { ormMigrations }),
    ...(prismaSchema !== undefined && { prismaSchema }),
  };
}

function findConfig(files: ProjectFiles): string | undefined {
  return ["", "src/"]
    .flatMap((folder) => CONFIG_NAMES.map((name) => folder + name))
    .find((path) => files.read(path) !== undefined);
}

const LOCKS: readonly (readonly [file: string, manager: PackageManager])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
];

function detectPackageManager(files: ProjectFiles, manifest: Manifest): PackageManager {
  const [, named] = /^(bun|npm|pnpm|yarn)@/.exec(manifest.packageManager ?? "") ?? [];
  if (named !== undefined) return named as PackageManager;
  const there = new Set(files.list(""));
  return LOCKS.find(([file]) => there.has(file))?.[1] ?? "npm";
}

/** Returns the schema that Prisma itself would read. */
function findPrismaSchema(files: ProjectFiles, manifest: Manifest): string | undefined {
  const config = files.read("prisma.config.ts") ?? files.read("prisma.config.js") ?? "";
  const [, configured] = /\bschema\s*:\s*(?:\w+\()?["']([^"']+)["']/.exec(config) ?? [];
  return [
    configured,
    configured === undefined ? undefined : `${configured}/schema.prisma`,
    manifest.prisma?.schema,
    "prisma/schema.prisma",
    "schema.prisma",
  ]
    .map((path) => path?.replace(/^\.\//, ""))
    .find((path) => path !== undefined && files.read(path) !== undefined);
}

function findOrmMigrations(files: ProjectFiles): string | undefined {
  if (files.list("prisma/migrations").length > 0) return "prisma/migrations";
  const config = ["ts", "js", "mts", "mjs"]
    .map((ending) => files.read(`drizzle.config.${ending}`))
    .find((text) => text !== undefined);
  const [, configured = "drizzle"] = /\bout\s*:\s*["']([^"']+)["']/.exec(config ?? "") ?? [];
  const folder = configured.replace(/^\.\//, "");
  return files.list(folder).some((name) => name === "meta/" || name.endsWith(".sql"))
    ? folder
    : undefined;
}
