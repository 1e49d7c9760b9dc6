import type { Queryable } from "../core/driver.ts";
import type { NamedMigration } from "../core/adopt.ts";
import type { MigrationFolder, FolderMigration, ToolTable } from "../core/migration-folder.ts";
import type { Migration } from "../core/migrator.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { compareVersions } from "../migrate/discover.ts";
import type { AdoptPlan } from "./adopt-plan.ts";
import type { LifecycleDeps } from "./deps.ts";

/** What has been applied to a schema, and what has not. */
export interface AdoptHistory {
  /** Applied, by version. */
  readonly recorded: readonly NamedMigration[];
  /** Not applied, by version. */
  readonly pending: readonly NamedMigration[];
}

/** Returns the tables that the tool of the tenant migrations keeps its own history in. */
export function toolTables({ driver, settings }: LifecycleDeps): readonly ToolTable[] {
  return toolOf(settings.migrations.tenant)?.tables(driver.dialect.name) ?? [];
}

/**
 * Finds out which of the tenant migrations have been applied.
 *
 * @throws TenancyError `HISTORY_MISMATCH`, `MIGRATION_NOT_FOUND`
 */
export async function readHistory(
  deps: LifecycleDeps,
  on: Queryable,
  plan: AdoptPlan,
): Promise<AdoptHistory> {
  const known = await deps.migrator.list("tenant");
  const versions = new Set(await appliedTo(deps, on, plan, known));
  const named = known.map(({ name, version }) => ({ name, version }));
  return {
    pending: named.filter(({ version }) => !versions.has(version)),
    recorded: named.filter(({ version }) => versions.has(version)),
  };
}

async function appliedTo(
  deps: LifecycleDeps,
  on: Queryable,
  { applied, from }: AdoptPlan,
  known: readonly Migration[],
): Promise<readonly string[]> {
  if (applied === "none") return [];
  if (applied !== "history") {
    const isThere = applied === "all" || known.some(({ version }) => version === applied);
    if (!isThere) {
      throw new TenancyError(
        "MIGRATION_NOT_FOUND",
        `There is no tenant migration of version "${applied}".`,
      );
    }
    return known
      .map(({ version }) => version)
      .filter((version) => applied === "all" || compareVersions(version, applied) <= 0);
  }
  const own = await ownHistory(deps, on, from);
  if (own !== undefined) return own;
  return await toolHistory(deps, on, from, known);
}

/** A schema that was a tenant's before has a history of ours. */
async function ownHistory(
  { driver, settings }: LifecycleDeps,
  on: Queryable,
  schema: string,
): Promise<readonly string[] | undefined> {
  const { table } = settings.migrations;
  if (schema === settings.rules.globalSchema) return undefined;
  if (!(await hasTable(driver.dialect.adopt, on, schema, table))) return undefined;
  const { journal } = driver.dialect;
  const { rows } = await on.query(journal.list({ schema, table }).text);
  const entries = rows.map((row) => journal.read(row));
  const halfway = entries.find(({ isFinished }) => !isFinished);
  if (halfway !== undefined) {
    throw mismatch([`The migration ${halfway.version} has stopped halfway.`]);
  }
  // One that was just made says nothing.
  return entries.length === 0 ? undefined : entries.map(({ version }) => version);
}

async function toolHistory(
  { driver, settings }: LifecycleDeps,
  on: Queryable,
  from: string,
  known: readonly Migration[],
): Promise<readonly string[]> {
  const { adopt, name } = driver.dialect;
  const tool = toolOf(settings.migrations.tenant);
  const table = tool?.tables(name).find(({ isHistory }) => isHistory);
  const schema = table?.schema ?? from;
  if (tool === undefined || table === undefined) {
    throw mismatch(["The tenant migrations are not in the folder of a tool with a history."]);
  }
  if (!(await hasTable(adopt, on, schema, table.table))) {
    throw mismatch([`There is no table ${schema}.${table.table}, the history of ${tool.tool}.`]);
  }
  const { rows } = await on.query(adopt.readTable(schema, table.table));
  const { problems, versions } = tool.compare(rows, known as readonly FolderMigration[]);
  if (problems.length > 0) throw mismatch(problems);
  return versions;
}

function toolOf(source: unknown): MigrationFolder | undefined {
  const isFolder = typeof source === "object" && source !== null && "tool" in source;
  return isFolder ? (source as MigrationFolder) : undefined;
}

/** Whether a schema has such a table. */
export async function hasTable(
  adopt: LifecycleDeps["driver"]["dialect"]["adopt"],
  on: Queryable,
  schema: string,
  table: string,
): Promise<boolean> {
  const { params, text } = adopt.hasTable(schema, table);
  return (await on.query(text, params)).rows.length > 0;
}

function mismatch(problems: readonly string[]): TenancyError {
  return new TenancyError("HISTORY_MISMATCH", problems.join(" "));
}
