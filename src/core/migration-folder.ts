import type { Dialect } from "./dialect.ts";
import type { Migration } from "./migrator.ts";

/** Tools whose folders are read. */
export type MigrationTool = "drizzle" | "prisma" | "kysely" | "knex" | "typeorm" | "mikro-orm";

/** A migration as another tool wrote it. */
export interface FolderMigration extends Migration {
  /** What the tool's own history calls it. */
  readonly recordedName: string;
  /** Fingerprints of its file that the tool's own history may have; none where it has no fingerprints. */
  readonly recordedHashes?: readonly string[];
}

/** What a folder is read with. */
export interface FolderContext {
  /** The folder, as an absolute path. */
  readonly folder: string;
  /** The engine's SQL. */
  readonly dialect: Dialect;
  /** Loads a module by its file URL. */
  readonly importModule: (url: string) => Promise<unknown>;
}

/** A table of another tool's history. */
export interface ToolTable {
  /** Its schema; absent for the one that the tables are in. */
  readonly schema?: string;
  /** Its name. */
  readonly table: string;
  /** Whether rows of it are the history; else it only belongs to the tool, such as one for its lock. */
  readonly isHistory: boolean;
}

/** What another tool's history says. */
export interface ToolHistory {
  /** Versions that it has as applied. */
  readonly versions: readonly string[];
  /** What does not fit, and has to be put right first; each is a sentence. */
  readonly problems: readonly string[];
}

/** A folder of migrations that another tool writes; made by the functions of `kirayedar/migrations`. */
export interface MigrationFolder {
  /** The tool. */
  readonly tool: MigrationTool;
  /** The folder; relative paths start from `rootDir`. */
  readonly folder: string;
  /** Returns the tables that the tool keeps its history in, if it migrated a database by itself. */
  tables(engine: Dialect["name"]): readonly ToolTable[];
  /** Reads the folder. @throws TenancyError `MIGRATIONS_FOLDER_MISSING`, `MIGRATION_INVALID` */
  read(context: FolderContext): Promise<readonly FolderMigration[]>;
  /** Compares rows of the tool's own history with the migrations of the folder. */
  compare(
    rows: readonly Readonly<Record<string, unknown>>[],
    migrations: readonly FolderMigration[],
  ): ToolHistory;
}
