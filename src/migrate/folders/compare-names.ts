import type { FolderMigration, ToolHistory } from "../../core/migration-folder.ts";

/**
 * Compares a history that has nothing but names with the migrations of the folder. Extensions do not
 * matter: what was applied as `.js` may be here as `.ts`.
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
    const bare = withoutExtension(String(name));
    const found = migrations.find((one) => withoutExtension(one.recordedName) === bare);
    if (found !== undefined) versions.push(found.version);
    else problems.push(`The migration ${String(name)} is recorded, and there is no file of it.`);
  }
  return { problems, versions };
}

function withoutExtension(name: string): string {
  return name.replace(/\.[cm]?[jt]s$/, "");
}
