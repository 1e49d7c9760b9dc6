import { CONFIG_NAMES } from "../config.ts";
import { detectDatabase } from "./detect-database.ts";
import { detectLanguage } from "./detect-language.ts";
import { detectPackageManager, isEnvIgnored } from "./detect-repository.ts";
import { findPrismaSchema } from "./detect-prisma.ts";
import { detectDrivers, detectFramework, detectOrm } from "./detect-stack.ts";
import { detectTables } from "./detect-tables.ts";
import type { Environment } from "./environment.ts";
import { findEntry } from "./find-entry.ts";
import type { FrameworkName, ProjectFacts } from "./facts.ts";
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
  const prismaSchema = findPrismaSchema(files, manifest);
  const drivers = detectDrivers(dependencies);
  const entry = findEntry(files, manifest, framework.name);
  const ormMigrations = findOrmMigrations(files);
  const config = findConfig(files);
  return {
    database: detectDatabase({ drivers, environment, files, prismaSchema }),
    dependencies,
    drivers,
    framework: framework.name,
    isEnvIgnored: isEnvIgnored(files),
    language: detectLanguage({ dependencies, entry, files, framework: framework.name, manifest }),
    name: manifest.name ?? "app",
    orm: orm.name,
    packageManager: detectPackageManager(files, manifest),
    sourceFolder: findSources(files, framework.name),
    tables: detectTables(files, prismaSchema),
    ...(config !== undefined && { config }),
    ...(entry !== undefined && { entry }),
    ...(framework.other !== undefined && { otherFramework: framework.other }),
    ...(orm.other !== undefined && { otherOrm: orm.other }),
    ...(ormMigrations !== undefined && { ormMigrations }),
    ...(prismaSchema !== undefined && { prismaSchema }),
  };
}

function findSources(files: ProjectFiles, framework: FrameworkName): string {
  // Next looks for its own files beside these, and nowhere else.
  const isAtRoot = files.list("").some((name) => name === "app/" || name === "pages/");
  if (framework === "next" && isAtRoot) return "";
  return files.list("src").length > 0 ? "src" : "";
}

function findConfig(files: ProjectFiles): string | undefined {
  return ["", "src/"]
    .flatMap((folder) => CONFIG_NAMES.map((name) => folder + name))
    .find((path) => files.read(path) !== undefined);
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
