import { join } from "node:path";
import type { FolderContext, FolderMigration } from "../../core/migration-folder.ts";
import type { MigrationContext } from "../../core/migrator.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checksumOf, importFile, readText } from "../discover.ts";
import { phaseOf } from "../phase.ts";
import { type ContextOptions, ContextQueries } from "./context-queries.ts";
import type { FolderOptions } from "./options.ts";
import { listFolder } from "./sql-file.ts";

/** What functions of `kirayedar/migrations` for folders of modules may be told. */
export interface ModuleFolderOptions extends FolderOptions {
  /**
   * Returns the version of a migration, of digits, from the tool's own name of it. Default: the digits
   * that the name begins with. Versions have to be in the order of the names.
   */
  version?(name: string): string;
}

/** A module of a folder. */
export interface FoundModule {
  /** Its path. */
  readonly file: string;
  /** Its file name. */
  readonly fileName: string;
  /** The same without its extension. */
  readonly name: string;
  /** Its text. */
  readonly text: string;
  /** What it exports. */
  readonly exports: Readonly<Record<string, unknown>>;
}

/** One direction of a migration, over whatever its library takes for a connection. */
export type ModuleBody = (queries: ContextQueries) => Promise<void>;

/** What a module is made of. */
export interface ModuleParts {
  /** The tool's own name of it. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Whether it runs in a transaction. */
  readonly transaction: boolean;
  /** Applies it. */
  readonly up: ModuleBody;
  /** Undoes it. */
  readonly down: ModuleBody | undefined;
}

const MODULE = /^(?!\.)(.+)\.[cm]?[jt]s$/;
const NO_MODULE = /\.d\.[cm]?ts$|\.(?:test|spec)\.[cm]?[jt]s$/;

/** Loads the modules of a folder, by name. @throws TenancyError `MIGRATIONS_FOLDER_MISSING`, `MIGRATION_INVALID` */
export async function loadModules({ folder, importModule }: FolderContext): Promise<FoundModule[]> {
  const found: FoundModule[] = [];
  for (const { isFolder, name: fileName } of await listFolder(folder)) {
    const [, name] = MODULE.exec(fileName) ?? [];
    if (isFolder || name === undefined || NO_MODULE.test(fileName)) continue;
    const file = join(folder, fileName);
    const exports = await importFile(file, importModule);
    found.push({ exports, file, fileName, name, text: await readText(file) });
  }
  return found;
}

/** Makes a migration of what a module holds. */
export function toMigration(
  { exports, file, text }: FoundModule,
  parts: ModuleParts,
  { dialect }: FolderContext,
  folder: FolderOptions,
): FolderMigration {
  const { down, name, transaction, up, version } = parts;
  const options: ContextOptions = { dialect, file, folder, isInTransaction: transaction };
  return {
    checksum: checksumOf(text),
    file,
    name,
    phase: phaseOf(exports["phase"], file),
    recordedName: name,
    transaction,
    up: (db) => up(new ContextQueries(db, options)),
    version,
    ...(down === undefined
      ? {}
      : { down: (db: MigrationContext) => down(new ContextQueries(db, options)) }),
  };
}

/** Returns a module's functions. @throws TenancyError `MIGRATION_INVALID` */
export function functionsOf({ exports, file }: FoundModule): {
  readonly up: (argument: unknown) => unknown;
  readonly down: ((argument: unknown) => unknown) | undefined;
} {
  const { default: whole, ...named } = exports;
  const { down, up } = { ...named, ...(whole as object | undefined) } as Record<string, unknown>;
  if (typeof up !== "function" || (down !== undefined && typeof down !== "function")) {
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${file} exports no function \`up\`.`,
    );
  }
  return {
    down: down as ((argument: unknown) => unknown) | undefined,
    up: up as (argument: unknown) => unknown,
  };
}

/** Returns the version of a name. @throws TenancyError `MIGRATION_INVALID` */
export function versionOf(
  name: string,
  { file }: Pick<FoundModule, "file">,
  options: ModuleFolderOptions,
): string {
  const version = options.version?.(name) ?? /^\d+/.exec(name)?.[0] ?? "";
  if (/^\d+$/.test(version)) return version;
  throw new TenancyError(
    "MIGRATION_INVALID",
    `The migration ${file} has no version: its name does not begin with digits.`,
    { remedy: "Name it like `20260101120000_create_posts`, or pass the option `version`." },
  );
}
