import type {
  FolderContext,
  FolderMigration,
  MigrationFolder,
} from "../../core/migration-folder.ts";
import { TenancyError } from "../../errors/tenancy-error.ts";
import { compareByName } from "./compare-names.ts";
import type { ContextOptions, ContextQueries } from "./context-queries.ts";
import {
  type FoundModule,
  loadModules,
  type ModuleBody,
  type ModuleFolderOptions,
  toMigration,
  versionOf,
} from "./module-folder.ts";
import { checkFolder, type HistoryOptions } from "./options.ts";

/** How {@link mikroOrmFolder} reads. */
export interface MikroOrmFolderOptions extends ModuleFolderOptions {
  /** The table of `migration:up`. Default `mikro_orm_migrations`. */
  readonly history?: HistoryOptions;
}

/** The part of a migration of MikroORM that is called here. */
interface MikroMigration {
  readonly name?: string;
  reset(): void;
  up(): unknown;
  down(): unknown;
  isTransactional(): boolean;
  getQueries(): readonly unknown[];
}

type MigrationClass = new (driver: object, config: object) => MikroMigration;

/**
 * Reads the migrations that `mikro-orm migration:create` writes: classes whose `up()` and `down()` call
 * `addSql` and `execute`, by name; the version is the number in it. Nothing of MikroORM itself is loaded
 * but what the files import.
 *
 * @param folder - `migrations.path`, or `pathTs`, of the configuration
 * @throws TenancyError `INVALID_CONFIG`
 */
export function mikroOrmFolder(
  folder: string,
  options: MikroOrmFolderOptions = {},
): MigrationFolder {
  const { schema, table = "mikro_orm_migrations" } = options.history ?? {};
  return {
    compare: (rows, migrations) => compareByName(rows, "name", migrations),
    folder: checkFolder("mikroOrmFolder", folder),
    read: (context) => read(context, options),
    tables: () => [{ isHistory: true, table, ...(schema === undefined ? {} : { schema }) }],
    tool: "mikro-orm",
  };
}

async function read(
  context: FolderContext,
  options: MikroOrmFolderOptions,
): Promise<FolderMigration[]> {
  const modules = await loadModules(context);
  const digits = (name: string): string => /^Migration_?(\d+)/.exec(name)?.[1] ?? name;
  return modules.map((found) => {
    const Class = classOf(found);
    const instance = new Class({}, {});
    const name = instance.name ?? found.name;
    const run = (direction: "up" | "down"): ModuleBody => bodyOf(Class, direction);
    const parts = {
      down: hasDown(Class) ? run("down") : undefined,
      name,
      transaction: instance.isTransactional(),
      up: run("up"),
      version: versionOf(digits(name), found, options),
    };
    return toMigration(found, parts, context, options);
  });
}

function classOf({ exports, file }: FoundModule): MigrationClass {
  const { default: whole, ...named } = exports;
  const found = [...Object.values(named), whole, ...Object.values(whole ?? {})].find(
    (value) =>
      typeof value === "function" &&
      typeof (value.prototype as { getQueries?: unknown } | undefined)?.getQueries === "function",
  );
  if (found !== undefined) return found as MigrationClass;
  throw new TenancyError("MIGRATION_INVALID", `The file ${file} exports no migration of MikroORM.`);
}

/** The one that every migration inherits throws. */
function hasDown(Class: MigrationClass): boolean {
  let prototype = Class.prototype as object;
  while (!Object.hasOwn(prototype, "getQueries")) {
    if (Object.hasOwn(prototype, "down")) return true;
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  return false;
}

function bodyOf(Class: MigrationClass, direction: "up" | "down"): ModuleBody {
  return async (queries) => {
    const driver = new DriverOver(queries);
    const migration = new Class(driver, {});
    migration.reset();
    await migration[direction]();
    for (const query of migration.getQueries()) await driver.execute(query);
    await queries.finish();
  };
}

/** What a migration takes for its driver. */
class DriverOver {
  readonly #options: ContextOptions;
  readonly #queries: ContextQueries;

  constructor(queries: ContextQueries) {
    this.#options = queries.options;
    this.#queries = queries;
  }

  async execute(query: unknown, params: readonly unknown[] = []): Promise<unknown> {
    const [text, values] = this.#compile(query, params);
    const results = await this.#queries.run(text, values);
    return results.at(-1)?.rows ?? [];
  }

  createEntityManager(): never {
    throw new TenancyError(
      "MIGRATION_INVALID",
      `The migration ${this.#options.file} asks for an entity manager, which it does not get here.`,
      { remedy: "Use `addSql` and `execute`; entities change, and the migration must not." },
    );
  }

  /** A string, a raw fragment, or a builder. */
  #compile(query: unknown, params: readonly unknown[]): readonly [string, readonly unknown[]] {
    if (typeof query === "string") return this.#position(query, params);
    const built = query as {
      compile?(): { sql: string; params?: readonly unknown[]; parameters?: readonly unknown[] };
      sql?: string;
      params?: readonly unknown[];
    };
    const compiled = typeof built.compile === "function" ? built.compile() : built;
    if (typeof compiled.sql !== "string") {
      const fact = `The migration ${this.#options.file} adds something that is no SQL.`;
      throw new TenancyError("MIGRATION_INVALID", fact);
    }
    const values = compiled.params ?? (compiled as { parameters?: unknown[] }).parameters ?? [];
    return this.#position(compiled.sql, values);
  }

  /** MikroORM writes `?` for values and `??` for names, on every engine. */
  #position(text: string, params: readonly unknown[]): readonly [string, readonly unknown[]] {
    if (params.length === 0) return [text, params];
    const { dialect } = this.#options;
    const rest = [...params];
    const values: unknown[] = [];
    const positioned = text.replaceAll(
      /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\\\?|\?\??/g,
      (token) => {
        if (token === "\\?") return "?";
        if (token === "??") return dialect.quoteIdentifier(String(rest.shift()));
        if (token !== "?") return token;
        values.push(rest.shift());
        return dialect.name === "postgres" ? `$${values.length}` : "?";
      },
    );
    // Builders of the newest versions have written the engine's own already.
    return values.length === 0 ? [text, params] : [positioned, values];
  }
}
