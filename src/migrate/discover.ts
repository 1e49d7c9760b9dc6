import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MigrationSource } from "../core/config.ts";
import type { Dialect } from "../core/dialect.ts";
import type { Migration, MigrationPhase } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { parseSqlFile } from "./parse-sql-file.ts";
import { DEFAULT_PHASE, phaseOf } from "./phase.ts";

/** A migration with everything filled in. */
export interface KnownMigration extends Migration {
  readonly file: string;
  readonly checksum: string;
  readonly transaction: boolean;
  readonly phase: MigrationPhase;
  /** Whether all of it may run again at any time, as the toolkit's own does. */
  readonly isRepeatable?: boolean;
}

/** How one set of migrations is found. */
export interface Discovery {
  /** Folder, or objects. */
  readonly source: MigrationSource;
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /** Whether the folder may be missing. */
  readonly isOptional: boolean;
  /** Loads a module by its file URL. */
  readonly importModule: (url: string) => Promise<unknown>;
}

const FILE = /^(\d+)[_-]([A-Za-z0-9_-]+?)(\.up|\.down)?\.(sql|js|mjs|ts|mts)$/;
const IGNORED = /^\.|\.d\.m?ts$|\.map$|^readme\b|\.md$/i;

/**
 * Lists one set of migrations, by version.
 *
 * @throws TenancyError `MIGRATIONS_FOLDER_MISSING`, `MIGRATION_INVALID`
 */
export async function discover(discovery: Discovery): Promise<KnownMigration[]> {
  const found = await read(discovery);
  found.sort((a, b) => compareVersions(a.version, b.version));
  for (const [index, migration] of found.entries()) {
    const before = found.slice(0, index);
    const twin = before.find(
      ({ name, version }) => version === migration.version || name === migration.name,
    );
    if (twin !== undefined) {
      const what = twin.version === migration.version ? "version" : "name";
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The migrations ${twin.file} and ${migration.file} have the same ${what}.`,
      );
    }
  }
  return found;
}

async function read(discovery: Discovery): Promise<KnownMigration[]> {
  const { dialect, importModule, source } = discovery;
  if (typeof source === "string") return await inFolder(source, discovery);
  if (!("tool" in source)) return source.map(fill);
  const { folder } = source;
  return (await source.read({ dialect, folder, importModule })).map(fill);
}

/** Orders versions as numbers; of two that are the same number, the one with more zeros comes first. */
export function compareVersions(a: string, b: string): number {
  const [one, two] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  if (one.length !== two.length) return one.length - two.length;
  return one === two ? b.length - a.length : one < two ? -1 : 1;
}

async function inFolder(folder: string, discovery: Discovery): Promise<KnownMigration[]> {
  const names = await list(folder, discovery.isOptional);
  const migrations: KnownMigration[] = [];
  for (const name of names.filter((file) => !IGNORED.test(file)).toSorted()) {
    const [, version = "", title = "", half, extension] = FILE.exec(name) ?? [];
    if (version === "") {
      if (!/\.(?:sql|m?[jt]s)$/.test(name)) continue;
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The file ${join(folder, name)} is not named like a migration.`,
        { remedy: "Name it like `20260101120000_create_posts.sql`, or move it elsewhere." },
      );
    }
    if (half === ".down") continue;
    const file = join(folder, name);
    const loaded =
      extension === "sql"
        ? await readSql(file, half === ".up" ? file.replace(/\.up\.sql$/, ".down.sql") : undefined)
        : await readModule(file, discovery.importModule);
    migrations.push({ ...loaded, file, name: title, version });
  }
  return migrations;
}

async function list(folder: string, isOptional: boolean): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isOptional && (error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw new TenancyError(
      "MIGRATIONS_FOLDER_MISSING",
      `The migrations folder ${folder} cannot be read.`,
      { cause: error },
    );
  }
}

type Loaded = Pick<KnownMigration, "up" | "checksum" | "phase" | "transaction"> &
  Pick<Migration, "down">;

async function readSql(file: string, downFile: string | undefined): Promise<Loaded> {
  const text = await readText(file);
  const parts = parseSqlFile(text, file);
  const separate = downFile === undefined ? undefined : await readOptional(downFile);
  const down = parts.down ?? (separate === undefined ? undefined : parseSqlFile(separate, file).up);
  return {
    checksum: checksumOf(text),
    phase: parts.phase ?? DEFAULT_PHASE,
    transaction: parts.transaction,
    up: parts.up,
    ...(down === undefined ? {} : { down }),
  };
}

/** Reads a file, without the byte order mark that some editors write, which the server takes for a name. */
export async function readText(file: string): Promise<string> {
  return (await readFile(file, "utf8")).replace(/^\ufeff/, "");
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readText(file);
  } catch {
    // A migration without a down half cannot be undone, which `rollback` says when asked.
    return undefined;
  }
}

async function readModule(file: string, importModule: Discovery["importModule"]): Promise<Loaded> {
  const text = await readText(file);
  const loaded = await importFile(file, importModule);
  const {
    up,
    down,
    phase,
    transaction = true,
  } = { ...loaded, ...(loaded["default"] as object | undefined) } as Partial<Migration>;
  if (typeof up !== "function" || (down !== undefined && typeof down !== "function")) {
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${file} exports no function \`up\`.`,
    );
  }
  return {
    checksum: checksumOf(text),
    phase: phaseOf(phase, file),
    transaction,
    up,
    ...(down === undefined ? {} : { down }),
  };
}

/** Loads a module of a migration. @throws TenancyError `MIGRATION_INVALID` */
export async function importFile(
  file: string,
  importModule: Discovery["importModule"],
): Promise<Record<string, unknown>> {
  try {
    return (await importModule(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    if (isTenancyError(error)) throw error;
    const isUnreadable =
      (error as { readonly code?: unknown }).code === "ERR_UNKNOWN_FILE_EXTENSION";
    const isType = /\.[cm]?ts$/.test(file) && /named '\w+'/.test((error as Error).message);
    throw new TenancyError("MIGRATION_INVALID", `The migration ${file} cannot be loaded.`, {
      cause: error,
      remedy: isUnreadable
        ? "This version of Node.js does not read TypeScript: migrate by the command line, or use a later one."
        : isType
          ? "Node.js leaves types in as they are: write `import type` for them, or migrate by the command line."
          : undefined,
    });
  }
}

function fill(migration: Migration): KnownMigration {
  const { checksum, file, name, phase, transaction = true, up, version } = migration;
  if (!/^\d+$/.test(version) || name === "") {
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration "${version} ${name}" needs a version of digits, and a name.`,
    );
  }
  return {
    ...migration,
    checksum: checksum ?? checksumOf(typeof up === "string" ? up : up.toString()),
    file: file ?? `${version}_${name}`,
    phase: phaseOf(phase, file ?? `${version}_${name}`),
    transaction,
  };
}

/** Returns the fingerprint of a file. Line endings differ between checkouts, and change nothing. */
export function checksumOf(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
}
