import { join } from "node:path";
import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
  ToolHistory,
} from "../../core/migration-folder.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { checkOrder } from "./check-order.ts";
import { checkEngine, checkFolder, type FolderOptions } from "./options.ts";
import { listFolder, readOptional, readSqlFile } from "./sql-file.ts";

/**
 * Reads the migrations that `prisma migrate dev` writes: a folder for each, with `migration.sql` in it.
 * A file `down.sql` beside it, as `prisma migrate diff` can make one, undoes it.
 *
 * A version is the number that the folder's name begins with.
 *
 * @param folder - such as `"prisma/migrations"`
 * @throws TenancyError `INVALID_CONFIG`
 */
export function prismaFolder(folder: string, options: FolderOptions = {}): MigrationFolder {
  return {
    compare,
    folder: checkFolder("prismaFolder", folder),
    read: (context) => read(context, options),
    tables: () => [{ isHistory: true, table: "_prisma_migrations" }],
    tool: "prisma",
  };
}

async function read(
  { dialect, folder }: FolderContext,
  options: FolderOptions,
): Promise<FolderMigration[]> {
  const entries = await listFolder(folder);
  const lock = join(folder, "migration_lock.toml");
  const [, provider] = /^\s*provider\s*=\s*"([^"]+)"/m.exec((await readOptional(lock)) ?? "") ?? [];
  checkEngine(lock, provider, dialect);
  const found = [];
  for (const { isFolder, name } of entries) {
    if (!isFolder) continue;
    const file = join(folder, name, "migration.sql");
    const [version] = /^\d+/.exec(name) ?? [];
    if (version === undefined) {
      throw new TenancyError(
        "MIGRATION_INVALID",
        `The migration ${file} is in a folder that does not begin with a number.`,
        { remedy: "Name it as Prisma does, such as `20260101120000_create_posts`." },
      );
    }
    found.push({ downFile: join(folder, name, "down.sql"), file, name, version });
  }
  checkOrder(found);
  // A value is taken out of an enum between `BEGIN` and `COMMIT`.
  const hasOwnTransactions = dialect.hasTransactionalDdl;
  return await Promise.all(
    found.map((one) => readSqlFile({ ...one, hasOwnTransactions }, options, dialect)),
  );
}

/** A row without `finished_at` is of a migration that failed, unless it was marked as rolled back. */
function compare(
  rows: readonly Readonly<Record<string, unknown>>[],
  migrations: readonly FolderMigration[],
): ToolHistory {
  const versions: string[] = [];
  const problems: string[] = [];
  for (const row of rows) {
    const { checksum, finished_at: finishedAt, migration_name: name } = row;
    if (row["rolled_back_at"] !== null) continue;
    const found = migrations.find((one) => one.recordedName === name);
    if (finishedAt === null) {
      problems.push(
        `The migration ${String(name)} has failed halfway; put it right, and tell Prisma by \`prisma migrate resolve\`.`,
      );
    } else if (found === undefined) {
      problems.push(`The migration ${String(name)} is recorded, and there is no file of it.`);
    } else if (found.recordedHashes?.includes(String(checksum)) !== true) {
      problems.push(`The migration ${found.name} was changed after it had been applied.`);
    } else versions.push(found.version);
  }
  return { problems, versions };
}
