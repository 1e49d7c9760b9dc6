import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
  ToolHistory,
} from "../../core/migration-folder.ts";
import { checkOrder } from "./check-order.ts";
import { compareByName } from "./compare-names.ts";
import { mysqlPoolOver, pgPoolOver } from "./context-pool.ts";
import { loadPeer } from "./load-peer.ts";
import {
  functionsOf,
  loadModules,
  type ModuleBody,
  type ModuleFolderOptions,
  toMigration,
  versionOf,
} from "./module-folder.ts";
import { checkFolder, type HistoryOptions } from "./options.ts";

/** The part of the package `kysely` that is used here. */
export interface KyselyPeer {
  /** Its query builder. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the installed version takes
  readonly Kysely: new (config: any) => { destroy(): Promise<void> };
  /** Its dialect for `pg`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the installed version takes
  readonly PostgresDialect: new (config: any) => object;
  /** Its dialect for `mysql2`. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the installed version takes
  readonly MysqlDialect: new (config: any) => object;
}

/** How {@link kyselyFolder} reads. */
export interface KyselyFolderOptions extends ModuleFolderOptions {
  /** The package, as in `import * as kysely from "kysely"`. Default: the installed one. */
  readonly kysely?: KyselyPeer;
  /** Plugins of the application's own Kysely that its migrations count on. */
  readonly plugins?: readonly object[];
  /** The table of Kysely's own `Migrator`. Default `kysely_migration`. */
  readonly history?: HistoryOptions & { readonly lockTable?: string };
}

/**
 * Reads the migrations of Kysely's `Migrator`: modules with `up(db)` and `down(db)`, by name. Each gets a
 * Kysely over the runner's own transaction; what it begins itself is a savepoint. With
 * `export const transaction = false` it runs in none.
 *
 * @param folder - `migrationFolder` of the `FileMigrationProvider`
 * @throws TenancyError `INVALID_CONFIG`
 */
export function kyselyFolder(folder: string, options: KyselyFolderOptions = {}): MigrationFolder {
  const { history = {} } = options;
  const { lockTable = "kysely_migration_lock", schema, table = "kysely_migration" } = history;
  const place = schema === undefined ? {} : { schema };
  return {
    compare: (rows, migrations): ToolHistory => compareByName(rows, "name", migrations),
    folder: checkFolder("kyselyFolder", folder),
    read: (context) => read(context, options),
    tables: () => [
      { ...place, isHistory: true, table },
      { ...place, isHistory: false, table: lockTable },
    ],
    tool: "kysely",
  };
}

async function read(
  context: FolderContext,
  options: KyselyFolderOptions,
): Promise<FolderMigration[]> {
  const modules = await loadModules(context);
  const peer = await loadPeer<KyselyPeer>("kysely", "kysely", options.kysely);
  const migrations = modules.map((found) => {
    const { down, up } = functionsOf(found);
    const { name } = found;
    const transaction = found.exports["transaction"] !== false;
    const version = versionOf(name, found, options);
    const over = (fn: (db: unknown) => unknown): ModuleBody => bodyOf(peer, options, fn);
    return toMigration(
      found,
      { down: down && over(down), name, transaction, up: over(up), version },
      context,
      options,
    );
  });
  checkOrder(migrations);
  return migrations;
}

function bodyOf(
  { Kysely, MysqlDialect, PostgresDialect }: KyselyPeer,
  { plugins = [] }: KyselyFolderOptions,
  fn: (db: unknown) => unknown,
): ModuleBody {
  return async (queries) => {
    const dialect =
      queries.options.dialect.name === "postgres"
        ? new PostgresDialect({ pool: pgPoolOver(queries) })
        : new MysqlDialect({ pool: mysqlPoolOver(queries) });
    const kysely = new Kysely({ dialect, plugins: [...plugins] });
    try {
      await fn(kysely);
      await queries.finish();
    } finally {
      await queries.settle();
      await kysely.destroy();
    }
  };
}
