import { join } from "node:path";
import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
  ToolHistory,
} from "../../core/migration-folder.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkEngine, checkFolder, type FolderOptions, type HistoryOptions } from "./options.ts";
import { listFolder, readOptional, readSqlFile } from "./sql-file.ts";

/** How {@link drizzleFolder} reads. */
export interface DrizzleFolderOptions extends FolderOptions {
  /** The table of `migrate()`. Default `__drizzle_migrations` in the schema `drizzle`. */
  readonly history?: HistoryOptions;
}

const BREAKPOINT = "--> statement-breakpoint";

interface JournalEntry {
  readonly idx: number;
  readonly when: number;
  readonly tag: string;
}

/**
 * Reads the migrations that `drizzle-kit generate` writes: SQL files listed in `meta/_journal.json`, or,
 * from drizzle-kit 1.0 on, a folder for each.
 *
 * A version is the time of its generation, in UTC to the second; the same in both layouts, so that
 * `drizzle-kit up` changes nothing.
 *
 * @param folder - `out` of the configuration of drizzle-kit
 * @throws TenancyError `INVALID_CONFIG`
 */
export function drizzleFolder(folder: string, options: DrizzleFolderOptions = {}): MigrationFolder {
  const { history = {} } = options;
  return {
    compare,
    folder: checkFolder("drizzleFolder", folder),
    read: (context) => read(context, options),
    // On MySQL it is in the database itself.
    tables: (engine) => {
      const schema = history.schema ?? (engine === "postgres" ? "drizzle" : undefined);
      const table = history.table ?? "__drizzle_migrations";
      return [{ isHistory: true, table, ...(schema === undefined ? {} : { schema }) }];
    },
    tool: "drizzle",
  };
}

async function read(
  context: FolderContext,
  options: DrizzleFolderOptions,
): Promise<FolderMigration[]> {
  const { dialect, folder } = context;
  const file = join(folder, "meta", "_journal.json");
  const journal = await readOptional(file);
  const found =
    journal === undefined ? await listFolders(context) : fromJournal(journal, file, context);
  return await Promise.all(
    found.map((one) => readSqlFile({ ...one, breakpoint: BREAKPOINT }, options, dialect)),
  );
}

interface Found {
  readonly file: string;
  readonly name: string;
  readonly version: string;
}

function fromJournal(text: string, file: string, { dialect, folder }: FolderContext): Found[] {
  const { dialect: written, entries } = parse(text, file);
  checkEngine(file, written, dialect);
  let newest = 0;
  return entries.map(({ tag, when }) => {
    // Drizzle applies them in this order, and two may be of the same second.
    newest = Math.max(Math.floor(when / 1_000), newest + 1);
    return { file: join(folder, `${tag}.sql`), name: tag, version: toVersion(newest) };
  });
}

function parse(
  text: string,
  file: string,
): { readonly dialect: unknown; readonly entries: readonly JournalEntry[] } {
  try {
    const { dialect, entries } = JSON.parse(text) as {
      dialect?: unknown;
      entries: readonly JournalEntry[];
    };
    const isWhole = entries.every(
      ({ tag, when }) => typeof tag === "string" && Number.isSafeInteger(when),
    );
    if (!isWhole) throw new Error("An entry has no `tag`, or no `when`.");
    return { dialect, entries };
  } catch (cause) {
    throw new TenancyError("MIGRATION_INVALID", `${file} is no journal of drizzle-kit.`, { cause });
  }
}

function toVersion(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\D/g, "").slice(0, 14);
}

async function listFolders({ dialect, folder }: FolderContext): Promise<Found[]> {
  const entries = await listFolder(folder);
  const found: Found[] = [];
  for (const { isFolder, name } of entries) {
    if (!isFolder && name.endsWith(".sql")) {
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The folder ${folder} has the file ${name}, and no meta/_journal.json that lists it.`,
        { remedy: "Name the folder that is `out` of drizzle-kit, with all that is in it." },
      );
    }
    const file = join(folder, name, "migration.sql");
    if (!isFolder || (await readOptional(file)) === undefined) continue;
    const [version] = /^\d{14}(?=_|$)/.exec(name) ?? [];
    if (version === undefined) {
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The migration ${file} is in a folder that does not begin with a time.`,
        { remedy: "Name it as drizzle-kit does, such as `20260101120000_create_posts`." },
      );
    }
    const snapshot = await readOptional(join(folder, name, "snapshot.json"));
    if (snapshot !== undefined) {
      const [, written] = /"dialect"\s*:\s*"(\w+)"/.exec(snapshot) ?? [];
      checkEngine(join(folder, name, "snapshot.json"), written, dialect);
    }
    found.push({ file, name, version });
  }
  return found;
}

/** Drizzle records the fingerprint of the file, and the time of its generation in milliseconds. */
function compare(
  rows: readonly Readonly<Record<string, unknown>>[],
  migrations: readonly FolderMigration[],
): ToolHistory {
  const versions: string[] = [];
  const problems: string[] = [];
  for (const { created_at: createdAt, hash, name } of rows) {
    const recordedAt = toVersion(Math.floor(Number(createdAt) / 1_000));
    const byHash = migrations.filter((one) => one.recordedHashes?.includes(String(hash)));
    const found =
      migrations.find((one) => typeof name === "string" && one.recordedName === name) ??
      byHash.find(({ version }) => version === recordedAt) ??
      byHash.find(({ version }) => !versions.includes(version)) ??
      migrations.find(({ version }) => version === recordedAt);
    if (found === undefined) {
      problems.push(`The migration of ${recordedAt} is recorded, and there is no file of it.`);
    } else if (found.recordedHashes?.includes(String(hash)) !== true) {
      problems.push(`The migration ${found.name} was changed after it had been applied.`);
    } else versions.push(found.version);
  }
  return { problems, versions };
}
