import type { FolderMigration, ToolHistory } from "../../core/migration-folder.ts";

/**
 * Compares a history that has nothing but names with the migrations of the folder.
 *
 * @param column - the column of the name
 */
export function compareByName(
  rows: readonly Readonly<Record<string, unknown>>[],
  column: string,
  migrations: readonly FolderMigration[],
): ToolHistory {
  const versions: string[] = [];
  const problems: string[] = [];
  for (const { [column]: name } of rows) {
    const found = migrations.find((one) => one.recordedName === name);
    if (found !== undefined) versions.push(found.version);
    else problems.push(`The migration ${String(name)} is recorded, and there is no file of it.`);
  }
  return { problems, versions };
}
