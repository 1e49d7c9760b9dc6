import type { TenancyConfig } from "../core/config.ts";
import type { Driver, Session } from "../core/driver.ts";
import { SILENT_LOGGER } from "../core/logger.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { notRemakeable } from "./sandbox/not-remakeable.ts";
import { currentWorker, databaseName, leftoversAmong, prefixOf } from "./worker.ts";

/** Where the tables of one worker's tests are. */
export interface Place {
  /** What differs in the options of the driver. */
  readonly options: object;
  /** What differs in the configuration. */
  readonly config: Partial<TenancyConfig>;
  /** Its name. */
  readonly name: string;
  /** Removes it, and the tenants in it. */
  remove(): Promise<void>;
}

/** What a place is made by. */
export interface PlaceRequest {
  /** The application's own driver. */
  readonly driver: Driver;
  /** The application's configuration. */
  readonly config: TenancyConfig;
  /** What the name begins with. */
  readonly base: string;
  /** Whether it is a database of its own, or schemas in the one that there is. */
  readonly kind: "database" | "schemas";
}

/** How often a name is tried that somebody has. */
const ATTEMPTS = 100;

/** Errors that say that a name is taken: a database, a schema, and the same on MySQL. */
const TAKEN: ReadonlySet<unknown> = new Set(["42P04", "42P06", 1007]);
/** Others are connected to the database that a new one is a copy of. */
const TEMPLATE_BUSY = "55006";

/** Makes the place of this worker, after removing those of processes that have ended. */
export async function makePlace(request: PlaceRequest): Promise<Place> {
  const { base, driver, kind } = request;
  const worker = currentWorker();
  return await withAdmin(driver, async (admin) => {
    const engine = engineOf(admin, request);
    const prefix = prefixOf(base, worker);
    for (const name of leftoversAmong(await engine.list(), prefix, engine.hasTenants)) {
      // Another worker may be at it, too.
      await engine.dropUnused(name).catch(() => undefined);
    }
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const name = databaseName(base, worker, attempt);
      try {
        await engine.create(name);
      } catch (error) {
        if (TAKEN.has(codeOf(error))) continue;
        throw explain(error, kind);
      }
      return {
        ...engine.toPlace(name),
        name,
        remove: () => withAdmin(driver, (own) => removeAll(engineOf(own, request), name)),
      };
    }
    throw new TenancyError("DATABASE_UNAVAILABLE", "No name for a database of tests is free.", {
      remedy: `Remove the databases whose names begin with "${prefix}".`,
    });
  });
}

async function removeAll(engine: Engine, name: string): Promise<void> {
  const own = engine.hasTenants ? await engine.list() : [];
  // What the tenants have first, so that what is left by a failure is found again.
  for (const each of own) if (each.startsWith(`${name}_`)) await engine.drop(each);
  await engine.drop(name);
}

/** How one kind of place is made. */
interface Engine {
  /** Names of all that there is. */
  list(): Promise<string[]>;
  create(name: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** Drops what nobody is connected to, where the server knows. */
  dropUnused(name: string): Promise<void>;
  /** Whether those of tenants are beside it. */
  readonly hasTenants: boolean;
  toPlace(name: string): Pick<Place, "config" | "options">;
}

function engineOf(admin: Admin, { config, kind }: PlaceRequest): Engine {
  const { dialect } = admin.driver;
  const quote = (name: string): string => dialect.quoteIdentifier(name);
  if (dialect.name === "mysql") {
    return {
      create: (name) => admin.run(`create database ${quote(name)}`),
      drop: (name) => admin.run(`drop database if exists ${quote(name)}`),
      dropUnused: (name) => admin.run(`drop database if exists ${quote(name)}`),
      hasTenants: true,
      list: () => admin.names("select schema_name as name from information_schema.schemata"),
      toPlace: (name) => ({
        config: { globalSchema: name, tenantPrefix: `${name}_` },
        options: { database: name },
      }),
    };
  }
  if (kind === "schemas") {
    return {
      create: (name) => admin.run(`create schema ${quote(name)}`),
      drop: (name) => admin.run(`drop schema if exists ${quote(name)} cascade`),
      dropUnused: (name) => admin.run(`drop schema if exists ${quote(name)} cascade`),
      hasTenants: true,
      list: () => admin.names("select nspname as name from pg_catalog.pg_namespace"),
      toPlace: (name) => ({
        config: { globalSchema: name, tenantPrefix: `${name}_` },
        options: {},
      }),
    };
  }
  const schemas = [config.globalSchema, ...(config.sharedSchemas ?? [])].filter(
    (name): name is string => name !== undefined && name !== "public",
  );
  return {
    create: async (name) => {
      await patiently(() => admin.run(`create database ${quote(name)}`));
      try {
        await withAdmin(
          admin.original,
          async (own) => {
            for (const schema of schemas) await own.run(`create schema ${quote(schema)}`);
          },
          name,
        );
      } catch (error) {
        await dropDatabase(admin, quote(name)).catch(() => undefined);
        throw error;
      }
    },
    drop: (name) => dropDatabase(admin, quote(name)),
    // Whoever is alive listens there.
    dropUnused: (name) => admin.run(`drop database if exists ${quote(name)}`),
    hasTenants: false,
    list: () => admin.names("select datname as name from pg_catalog.pg_database"),
    toPlace: (name) => ({ config: {}, options: { database: name } }),
  };
}

/** Ends what is connected; before PostgreSQL 13 there is no word for it. */
async function dropDatabase(admin: Admin, quoted: string): Promise<void> {
  try {
    await admin.run(`drop database if exists ${quoted} with (force)`);
  } catch (error) {
    if (codeOf(error) !== "42601") throw error;
    await admin.run(`drop database if exists ${quoted}`);
  }
}

/** Other workers copy the same template. */
async function patiently(fn: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fn();
    } catch (error) {
      if (codeOf(error) !== TEMPLATE_BUSY || attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 * attempt));
    }
  }
}

/** A connection with the application's rights, outside any tenancy. */
interface Admin {
  readonly driver: Driver;
  readonly original: Driver;
  run(text: string): Promise<void>;
  names(text: string): Promise<string[]>;
}

/** @param database - another one than the application's */
async function withAdmin<T>(
  original: Driver,
  fn: (admin: Admin) => Promise<T>,
  database?: string,
): Promise<T> {
  try {
    return await withAdminIn(original, fn, database);
  } catch (error) {
    const isMissing = database === undefined && codeOf(error) === "3D000";
    if (!isMissing) throw error;
    // The application's own database need not be there for its tests.
    return await withAdminIn(original, fn, "postgres");
  }
}

async function withAdminIn<T>(
  original: Driver,
  fn: (admin: Admin) => Promise<T>,
  database: string | undefined,
): Promise<T> {
  const driver = original.remake?.((options) => withDatabase(original, options, database));
  if (driver === undefined) throw notRemakeable(original.name);
  driver.attach({
    currentScope: () => GLOBAL_SCOPE,
    // One that is always there.
    globalSchema: driver.dialect.name === "mysql" ? "information_schema" : "pg_catalog",
    logger: SILENT_LOGGER,
    onSchemaMissing: () => undefined,
    sharedSchemas: [],
  });
  const inSession = <R>(run: (session: Session) => Promise<R>): Promise<R> =>
    driver.session({}, run);
  const names = (text: string): Promise<string[]> =>
    inSession(async (session) => {
      const { rows } = await session.query<{ name: string }>(GLOBAL_SCOPE, text);
      return rows.map(({ name }) => name);
    });
  try {
    if (database !== undefined) checkThere(database, await names(WHERE));
    return await fn({
      driver,
      names,
      original,
      run: (text) => inSession((session) => session.queryOutsideTransaction(GLOBAL_SCOPE, text)),
    });
  } finally {
    await driver.close();
  }
}

const WHERE = "select current_database() as name";

// ISOLATION: a pooler may lead to the application's own database, whatever name it is asked for.
// integration/testing/places.test.ts
function checkThere(expected: string, [actual]: readonly string[]): void {
  if (actual === expected) return;
  throw new TenancyError(
    "DATABASE_UNAVAILABLE",
    `The address leads to the database "${actual}", not to "${expected}", which is the one for tests.`,
    { remedy: "Give the server's own address, not a pooler's: `directConnectionString`." },
  );
}

/** Returns the options of a driver with another database, past any pooler, which knows nothing of it. */
export function withDatabase<Options extends object>(
  { name }: Pick<Driver, "name">,
  options: Options,
  database: string | undefined,
): Options {
  if (name !== "pg") return database === undefined ? options : { ...options, database };
  const {
    connectionString,
    directConnectionString = connectionString,
    pooler: _pooler,
    ...own
  } = options as { connectionString?: string; directConnectionString?: string; pooler?: unknown };
  const changed = {
    ...own,
    ...(database !== undefined && { database }),
    ...(directConnectionString !== undefined && {
      connectionString: addressOf(directConnectionString, database),
    }),
  };
  return changed as unknown as Options;
}

function addressOf(text: string, database: string | undefined): string {
  if (database === undefined) return text;
  if (!URL.canParse(text)) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "The database's address is not one that tests can change.",
      {
        remedy: "Write it as `postgres://user:password@host:5432/database`.",
      },
    );
  }
  const url = new URL(text);
  // That of a socket is a folder, and the database beside it.
  if (url.protocol === "socket:") url.searchParams.set("db", database);
  else url.pathname = `/${database}`;
  return url.href;
}

function codeOf(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, errno } = at as { readonly code?: unknown; readonly errno?: unknown };
    if (typeof errno === "number" && errno > 0) return errno;
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

const DENIED: ReadonlySet<unknown> = new Set(["42501", 1044]);

function explain(error: unknown, kind: PlaceRequest["kind"]): unknown {
  if (!DENIED.has(codeOf(error))) return error;
  const remedy =
    kind === "database"
      ? 'Let the user create databases, or, on PostgreSQL, pass `place: "schemas"`.'
      : "Let the user create schemas in the database.";
  return new TenancyError("DATABASE_UNAVAILABLE", "A place for tests may not be made.", {
    cause: error,
    remedy,
  });
}
