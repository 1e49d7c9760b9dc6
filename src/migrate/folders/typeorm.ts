import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
} from "../../core/migration-folder.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { compareByName } from "./compare-names.ts";
import { mysqlPoolOver, pgPoolOver } from "./context-pool.ts";
import type { ContextQueries } from "./context-queries.ts";
import { loadPeer } from "./load-peer.ts";
import { type FoundModule, loadModules, type ModuleBody, toMigration } from "./module-folder.ts";
import { checkFolder, type FolderOptions, type HistoryOptions } from "./options.ts";

/** The part of TypeORM's query runner that is called here. */
interface QueryRunnerLike {
  startTransaction(): Promise<void>;
  commitTransaction(): Promise<void>;
  release(): Promise<void>;
}

/** The part of the package `typeorm` that is used here. */
export interface TypeormPeer {
  /** Its data source. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the installed version takes
  readonly DataSource: new (options: any) => {
    initialize(): Promise<unknown>;
    createQueryRunner(): QueryRunnerLike;
    destroy(): Promise<void>;
  };
}

/** How {@link typeormFolder} reads. */
export interface TypeormFolderOptions extends FolderOptions {
  /** The package, as in `import * as typeorm from "typeorm"`. Default: the installed one. */
  readonly typeorm?: TypeormPeer;
  /** What else the application's own data source is made with, such as `entities`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** The table of `migration:run`. Default `migrations`. */
  readonly history?: HistoryOptions;
}

interface MigrationClass {
  readonly name: string;
  new (): {
    readonly name?: string;
    readonly transaction?: boolean;
    up(queryRunner: unknown): unknown;
    down?(queryRunner: unknown): unknown;
  };
}

/**
 * Reads the migrations that `typeorm migration:generate` writes: classes with `up(queryRunner)` and
 * `down(queryRunner)`, by the timestamp that their names end in, which is the version. Each gets a query
 * runner over the runner's own transaction. With `transaction = false` it runs in none.
 *
 * @param folder - the one that `migrations` of the data source names
 * @throws TenancyError `INVALID_CONFIG`
 */
export function typeormFolder(folder: string, options: TypeormFolderOptions = {}): MigrationFolder {
  const { schema, table = "migrations" } = options.history ?? {};
  return {
    compare: (rows, migrations) => compareByName(rows, "name", migrations),
    folder: checkFolder("typeormFolder", folder),
    read: (context) => read(context, options),
    tables: () => [{ isHistory: true, table, ...(schema === undefined ? {} : { schema }) }],
    tool: "typeorm",
  };
}

async function read(
  context: FolderContext,
  options: TypeormFolderOptions,
): Promise<FolderMigration[]> {
  const modules = await loadModules(context);
  const peer = await loadPeer<TypeormPeer>("typeorm", "typeorm", options.typeorm);
  return modules.flatMap((found) =>
    classesOf(found).map((Class) => {
      const instance = new Class();
      const name = instance.name ?? Class.name;
      const run = (direction: "up" | "down"): ModuleBody =>
        bodyOf(peer, options, (queryRunner) => new Class()[direction]?.(queryRunner));
      const parts = {
        down: typeof instance.down === "function" ? run("down") : undefined,
        name,
        transaction: instance.transaction !== false,
        up: run("up"),
        version: timestampOf(name, found),
      };
      return toMigration(found, parts, context, options);
    }),
  );
}

/** A file may have several, and other things too. */
function classesOf({ exports, file }: FoundModule): MigrationClass[] {
  const { default: whole, ...named } = exports;
  const values = [...Object.values(named), whole, ...Object.values(whole ?? {})];
  const classes = values.filter(
    (value): value is MigrationClass =>
      typeof value === "function" &&
      typeof (value.prototype as { up?: unknown } | undefined)?.up === "function",
  );
  if (classes.length > 0) return [...new Set(classes)];
  throw new TenancyError("MIGRATION_INVALID", `The file ${file} exports no migration of TypeORM.`);
}

function timestampOf(name: string, { file }: FoundModule): string {
  const [version] = /\d{13}$/.exec(name) ?? [];
  if (version !== undefined) return version;
  throw new TenancyError(
    "MIGRATION_INVALID",
    `The migration "${name}" in ${file} does not end in a timestamp of 13 digits.`,
    { remedy: "Name it as TypeORM does, such as `CreatePosts1767225600000`." },
  );
}

function bodyOf(
  { DataSource }: TypeormPeer,
  { config = {} }: TypeormFolderOptions,
  fn: (queryRunner: QueryRunnerLike) => unknown,
): ModuleBody {
  return async (queries) => {
    const source = new DataSource({
      ...config,
      ...(queries.options.dialect.name === "postgres"
        ? { driver: pgDriver(pgPoolOver(queries)), type: "postgres" }
        : { driver: { createPool: () => mysqlPoolOver(queries) }, type: "mysql" }),
      cache: false,
      installExtensions: false,
      migrationsRun: false,
      replication: undefined,
      synchronize: false,
    });
    await source.initialize();
    try {
      await runWith(source.createQueryRunner(), queries, fn);
      await queries.finish();
    } finally {
      await queries.settle();
      await source.destroy();
    }
  };
}

/** TypeORM makes the pool by itself. */
function pgDriver(pool: object): object {
  return {
    Pool: function Pool() {
      return pool;
    },
  };
}

/** Its own executor begins the transaction too, and migrations may look whether there is one. */
async function runWith(
  queryRunner: QueryRunnerLike,
  queries: ContextQueries,
  fn: (queryRunner: QueryRunnerLike) => unknown,
): Promise<void> {
  const { isInTransaction } = queries.options;
  try {
    if (isInTransaction) await queryRunner.startTransaction();
    await fn(queryRunner);
    await queries.settle();
    if (isInTransaction) await queryRunner.commitTransaction();
  } finally {
    await queryRunner.release();
  }
}
