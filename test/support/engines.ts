import mysql from "mysql2/promise";
import pg from "pg";
import { describe, inject } from "vitest";
import type { Driver } from "../../src/core/driver.ts";
import { pg as pgDriver } from "../../src/drivers/pg/index.ts";
import { createDatabase, type TestDatabase } from "./create-database.ts";
import { createTestDatabase, createTestMysqlDatabase } from "./database.ts";

/** A driver on its engine, as the behaviour suites see it. */
export interface Engine {
  /** The driver's name. */
  readonly name: "pg" | "mysql2" | "mariadb";
  readonly family: "postgres" | "mysql";
  /** Makes an empty database that nobody else has. */
  open(): Promise<EngineDatabase>;
}

/** What a test may say of the driver's pool, in one form for all. */
export interface EngineOptions {
  /** Another address than the database's own. */
  readonly url?: string;
  /** Connections of the pool. Default 4. */
  readonly max?: number;
  /** Connections apart from it. */
  readonly maintenanceConnections?: number;
}

/** A database of one test file, with the tenants' schemas in it, or beside it. */
export interface EngineDatabase {
  /** An administrator's address. */
  readonly url: string;
  /** Name of the database; on MySQL the global schema too. */
  readonly name: string;
  /** The global schema. */
  readonly globalSchema: string;
  /** Begins the names of the tenants' schemas; on MySQL nobody else's, as they are the whole server's. */
  readonly tenantPrefix: string;
  /** Makes a driver. */
  readonly driver: (options?: EngineOptions) => Driver;
  /** Opens a client that knows nothing of scopes; several statements may be in one text. */
  connect(url?: string): Promise<Admin>;
  /** Names of the schemas that tests made, in order. */
  schemas(): Promise<string[]>;
  /** Removes everything. */
  readonly drop: () => Promise<void>;
}

/** A client that knows nothing of scopes, in the global schema. */
export interface Admin {
  /** Runs text; parameters are `$1` on PostgreSQL and `?` on MySQL. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the rows are, as drivers do
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<{ readonly rows: Row[] }>;
  end(): Promise<void>;
}

/** PostgreSQL through `pg`. */
export const POSTGRES: Engine = {
  family: "postgres",
  name: "pg",
  open: () => openPostgres(createTestDatabase),
};
/** MySQL or MariaDB through `mysql2`. */
export const MYSQL2: Engine = { family: "mysql", name: "mysql2", open: () => openMysql("mysql2") };
/** MySQL or MariaDB through `mariadb`. */
export const MARIADB: Engine = {
  family: "mysql",
  name: "mariadb",
  open: () => openMysql("mariadb"),
};
/** Every engine. */
export const ENGINES: readonly Engine[] = [POSTGRES, MYSQL2, MARIADB];

/** Describes the same behaviour for several engines; those that have no server here are skipped. */
export function describeEngines(
  name: string,
  fn: (engine: Engine) => void,
  engines: readonly Engine[] = ENGINES,
): void {
  for (const engine of engines) {
    const isHere = engine.family === "postgres" || inject("mysql") !== undefined;
    describe.skipIf(!isHere)(`${name}, ${engine.name}`, () => {
      fn(engine);
    });
  }
}

/** Returns what is said in each engine's own words. */
export function inWords<T>({ family }: Engine, words: Readonly<Record<Engine["family"], T>>): T {
  return words[family];
}

/** PostgreSQL on another server than that of the test run. */
export function postgresAt(serverUrl: string): Engine {
  return { ...POSTGRES, open: () => openPostgres(() => createDatabase(serverUrl)) };
}

async function openPostgres(create: () => Promise<TestDatabase>): Promise<EngineDatabase> {
  const database = await create();
  const connect = async (url = database.url): Promise<Admin> => {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    return {
      end: () => client.end(),
      query: async (text, params) => {
        const { rows } = await client.query(text, params && [...params]);
        return { rows: rows as never[] };
      },
    };
  };
  return {
    connect,
    driver: ({ max = 4, url = database.url, ...options } = {}) =>
      pgDriver({ connectionString: url, max, ...options }),
    drop: () => database.drop(),
    globalSchema: "public",
    name: database.name,
    schemas: () =>
      using(connect, async (admin) => {
        const { rows } = await admin.query<{ name: string }>(
          "select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema|public$)' order by 1",
        );
        return rows.map(({ name }) => name);
      }),
    tenantPrefix: "tenant_",
    url: database.url,
  };
}

type MakeDriver = (options: {
  readonly changePollMs: number;
  readonly connectionLimit: number;
  readonly maintenanceConnections?: number;
  readonly uri: string;
}) => Driver;

/** Loads what is needed alone: a test file that names one engine does not load the others' libraries. */
const LIBRARIES: Readonly<Record<"mysql2" | "mariadb", () => Promise<MakeDriver>>> = {
  mariadb: async () => (await import("../../src/drivers/mariadb/index.ts")).mariadb,
  mysql2: async () => (await import("../../src/drivers/mysql2/index.ts")).mysql2,
};

async function openMysql(library: keyof typeof LIBRARIES): Promise<EngineDatabase> {
  const make = await LIBRARIES[library]();
  const database = await createTestMysqlDatabase();
  const connect = async (url = database.url): Promise<Admin> => {
    const connection = await mysql.createConnection({ multipleStatements: true, uri: url });
    return {
      end: () => connection.end(),
      query: async (text, params) => {
        const [rows] = await connection.query(text, params && [...params]);
        return { rows: (Array.isArray(rows) ? rows : []) as never[] };
      },
    };
  };
  return {
    connect,
    driver: ({ max = 4, url = database.url, ...options } = {}) =>
      make({ changePollMs: 50, connectionLimit: max, uri: url, ...options }),
    drop: () => database.drop(),
    globalSchema: database.name,
    name: database.name,
    schemas: () =>
      using(connect, async (admin) => {
        const { rows } = await admin.query<{ name: string }>(
          "select schema_name as name from information_schema.schemata where left(schema_name, ?) = ? order by 1",
          [database.prefix.length, database.prefix],
        );
        return rows.map(({ name }) => name);
      }),
    tenantPrefix: database.prefix,
    url: database.url,
  };
}

async function using<T>(
  connect: () => Promise<Admin>,
  fn: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = await connect();
  try {
    return await fn(admin);
  } finally {
    await admin.end();
  }
}
