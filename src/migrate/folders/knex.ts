import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
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

/** The function that the package `knex` exports. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever the installed version takes
export type KnexPeer = (config: any) => { destroy(): PromiseLike<void> };

/** How {@link knexFolder} reads. */
export interface KnexFolderOptions extends ModuleFolderOptions {
  /** The package, as in `import knex from "knex"`. Default: the installed one. */
  readonly knex?: KnexPeer;
  /** What else the application's own Knex is made with, such as `wrapIdentifier`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The table of `migrate:latest`. Default `knex_migrations`. */
  readonly history?: HistoryOptions;
}

/**
 * Reads the migrations that `knex migrate:make` writes: modules with `up(knex)` and `down(knex)`, by
 * name. Each gets a Knex over the runner's own transaction; what it begins itself is a savepoint. With
 * `export const config = { transaction: false }` it runs in none.
 *
 * @param folder - `migrations.directory` of the knexfile
 * @throws TenancyError `INVALID_CONFIG`
 */
export function knexFolder(folder: string, options: KnexFolderOptions = {}): MigrationFolder {
  const { history = {} } = options;
  const { schema, table = "knex_migrations" } = history;
  const place = schema === undefined ? {} : { schema };
  return {
    compare: (rows, migrations) => compareByName(rows, "name", migrations),
    folder: checkFolder("knexFolder", folder),
    read: (context) => read(context, options),
    tables: () => [
      { ...place, isHistory: true, table },
      { ...place, isHistory: false, table: `${table}_lock` },
    ],
    tool: "knex",
  };
}

async function read(
  context: FolderContext,
  options: KnexFolderOptions,
): Promise<FolderMigration[]> {
  const modules = await loadModules(context);
  const peer = await loadKnex(options);
  const migrations = modules.map((found) => {
    const { down, up } = functionsOf(found);
    const { name } = found;
    const { config } = {
      ...found.exports,
      ...(found.exports["default"] as object | undefined),
    } as {
      config?: { transaction?: unknown };
    };
    const over = (fn: (knex: unknown) => unknown): ModuleBody => bodyOf(peer, options, fn);
    const parts = {
      down: down && over(down),
      name,
      transaction: config?.transaction !== false,
      up: over(up),
      version: versionOf(name, found, options),
    };
    // Its history has the names of the files.
    return { ...toMigration(found, parts, context, options), recordedName: found.fileName };
  });
  checkOrder(migrations);
  return migrations;
}

async function loadKnex({ knex }: KnexFolderOptions): Promise<KnexPeer> {
  if (knex !== undefined) return knex;
  const loaded = await loadPeer<{ readonly default: KnexPeer }>("knex", "knex", undefined);
  return loaded.default;
}

function bodyOf(
  knex: KnexPeer,
  { config = {} }: KnexFolderOptions,
  fn: (knex: unknown) => unknown,
): ModuleBody {
  return async (queries) => {
    const isPostgres = queries.options.dialect.name === "postgres";
    const bound = knex({
      ...config,
      client: isPostgres ? "pg" : "mysql2",
      connection: undefined,
      connectionPool: isPostgres ? pgPoolOver(queries) : mysqlPoolOver(queries),
      pool: undefined,
      searchPath: undefined,
    });
    try {
      await fn(bound);
      await queries.finish();
    } finally {
      await queries.settle();
      await bound.destroy();
    }
  };
}
