import { resolve } from "node:path";
import type { MigrationSource, TenancyConfig } from "../core/config.ts";
import type { MigrationFolder } from "../core/migration-folder.ts";
import type { Settings } from "../core/settings.ts";
import { checkBoolean, checkIdentifier, checkNumber, checkObject, invalidOption } from "./check.ts";

/**
 * Checks where migrations come from, and makes folders absolute.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function resolveMigrations(config: TenancyConfig, maxBytes: number): Settings["migrations"] {
  const given = checkObject("migrations", config.migrations, [
    "global",
    "lockWaitMs",
    "migrate",
    "strictOrder",
    "table",
    "tenant",
  ]);
  const { rootDir = process.cwd() } = config;
  if (typeof rootDir !== "string" || rootDir === "") {
    throw invalidOption("rootDir", "is not a folder");
  }
  const source = (set: "global" | "tenant"): MigrationSource => {
    const value = given[set] ?? `migrations/${set}`;
    if (isFolder(value)) return { ...value, folder: resolve(rootDir, value.folder) };
    if (typeof value !== "string") return checkMigrations(`migrations.${set}`, value);
    if (value === "") throw invalidOption(`migrations.${set}`, "is not a folder");
    return resolve(rootDir, value);
  };
  const [global, tenant] = [source("global"), source("tenant")];
  if (folderOf(global) !== undefined && folderOf(global) === folderOf(tenant)) {
    throw invalidOption("migrations", "has one folder for both sets");
  }
  return {
    global,
    optional: { global: given.global === undefined, tenant: given.tenant === undefined },
    lockWaitMs: checkNumber("migrations.lockWaitMs", given.lockWaitMs, {
      fallback: 1_000,
      min: 1,
    }),
    migrate: checkMigrate(given.migrate),
    strictOrder: checkBoolean("migrations.strictOrder", given.strictOrder, false),
    table: checkIdentifier("migrations.table", given.table ?? "kirayedar_migrations", maxBytes),
    tenant,
  };
}

function checkMigrate(value: unknown): Settings["migrations"]["migrate"] {
  if (value === undefined) return "manually";
  if (value === "manually" || value === "on-request") return value;
  throw invalidOption("migrations.migrate", 'is neither "manually" nor "on-request"');
}

/** Whether a value was made by a function of `kirayedar/migrations`. */
function isFolder(value: unknown): value is MigrationFolder {
  return typeof value === "object" && value !== null && "tool" in value && "read" in value;
}

function folderOf(source: MigrationSource): string | undefined {
  if (typeof source === "string") return source;
  return isFolder(source) ? source.folder : undefined;
}

function checkMigrations(option: string, value: MigrationSource): MigrationSource {
  const isList =
    Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null);
  if (!isList) throw invalidOption(option, "is neither a folder nor an array of migrations");
  return value;
}
