import type { TenancyConfig } from "../../../src/core/config.ts";
import type { Driver } from "../../../src/core/driver.ts";
import type { Logger } from "../../../src/core/logger.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import {
  type Admin,
  type Engine,
  type EngineOptions,
  inWords,
  POSTGRES,
} from "../../support/engines.ts";

/** One table with a row that says whose it is. */
export const CREATE_NOTE: Migration = {
  down: "drop table note",
  name: "create_note",
  up: "create table note (id serial primary key, body varchar(200)); insert into note (body) values ('first')",
  version: "20260101000001",
};

/** A line that was logged. */
export interface LogLine {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A database with the registry in it, and a tenancy on it. */
export interface World {
  readonly engine: Engine;
  readonly url: string;
  readonly databaseName: string;
  readonly globalSchema: string;
  readonly tenancy: Tenancy;
  /** A client without any scope. */
  readonly admin: Admin;
  /** Opens another such client. */
  connect(): Promise<Admin>;
  readonly log: readonly LogLine[];
  /** Another tenancy on the same database, as another process would have it. */
  another(config?: WorldConfig): Tenancy;
  /** Name of the schema of the tenant whose slug has this key. */
  readonly schema: (slugKey: string) => string;
  /**
   * What is in the database: rows of the registry, and schemas that tests made. What begins the names
   * of the tenants' schemas is written as `tenant_`.
   */
  contents(): Promise<{ rows: Record<string, unknown>[]; schemas: string[] }>;
  /** Runs SQL as an administrator, each engine's own. */
  run(words: string | Readonly<Record<Engine["family"], string>>): Promise<void>;
  /** Makes a schema with a table `precious`, as another program would. */
  makeForeign(schemaName: string): Promise<void>;
  /** Fails if the table that {@link makeForeign} made is gone. */
  checkForeign(schemaName: string): Promise<void>;
  /** Removes a schema, as another program would. */
  removeSchema(schemaName: string): Promise<void>;
  close(): Promise<void>;
}

/** What a test configures. */
export interface WorldConfig extends Partial<Omit<TenancyConfig, "database">> {
  readonly driver?: EngineOptions;
  /** Replaces the driver by one around it. */
  readonly wrap?: (driver: Driver) => Driver;
}

/** An address at which there is no server. */
export const NOWHERE: Readonly<Record<Engine["family"], string>> = {
  mysql: "mysql://nobody@127.0.0.1:1/none",
  postgres: "postgres://nobody@127.0.0.1:1/none",
};

/** SQL that tells the schema in force, as `here`. */
export const WHERE: Readonly<Record<Engine["family"], string>> = {
  mysql: "select database() as here",
  postgres: "select current_schema() as here",
};

/** SQL that fails when it runs. */
export const FAILING: Readonly<Record<Engine["family"], string>> = {
  mysql: "select nonsense",
  postgres: "select 1/0",
};

/** Creates a database of its own, with the registry, and a tenancy on it. */
export async function createWorld(
  config: WorldConfig = {},
  engine: Engine = POSTGRES,
): Promise<World> {
  const database = await engine.open();
  const { tenantPrefix } = database;
  const admin = await database.connect();
  const opened: Tenancy[] = [];
  const log: LogLine[] = [];
  const another = (more: WorldConfig = {}): Tenancy => {
    const { driver, wrap = (given) => given, ...rest } = more;
    const tenancy = createTenancy({
      database: wrap(database.driver(driver)),
      logger: recordInto(log),
      migrations: { global: [], tenant: [CREATE_NOTE] },
      tenantPrefix,
      ...rest,
    });
    opened.push(tenancy);
    return tenancy;
  };
  const tenancy = another(config);
  await tenancy.migrateGlobal();
  const plain = (name: unknown): string => String(name).replace(tenantPrefix, "tenant_");
  const quoted = (name: string): string =>
    engine.family === "postgres" ? `"${name}"` : `\`${name}\``;
  return {
    admin,
    another,
    checkForeign: async (name) =>
      void (await admin.query(`select 1 from ${quoted(name)}.precious`)),
    close: async () => {
      await Promise.all(opened.map((each) => each.close()));
      await admin.end();
      await database.drop();
    },
    connect: () => database.connect(),
    contents: async () => {
      const { rows } = await admin.query(
        "select slug, schema_name, state, version from tenants order by slug",
      );
      return {
        rows: rows.map((row) => ({ ...row, schema_name: plain(row["schema_name"]) })),
        schemas: (await database.schemas()).map(plain),
      };
    },
    databaseName: database.name,
    engine,
    globalSchema: database.globalSchema,
    log,
    makeForeign: async (name) => {
      await admin.query(
        `create schema ${quoted(name)}; create table ${quoted(name)}.precious (id int)`,
      );
    },
    removeSchema: async (name) => {
      const how = inWords(engine, { mysql: "", postgres: " cascade" });
      await admin.query(`drop schema ${quoted(name)}${how}`);
    },
    run: async (words) => {
      await admin.query(typeof words === "string" ? words : inWords(engine, words));
    },
    schema: (slugKey) => tenantPrefix + slugKey,
    tenancy,
    url: database.url,
  };
}

/** Expects an error with this code. */
export function code(
  expected: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { code: expected, isTenancyError: true, ...more };
}

function recordInto(log: LogLine[]): Logger {
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push({ fields: fields as Record<string, unknown>, level, message });
  return { debug: at("debug"), error: at("error"), info: at("info"), warn: at("warn") };
}
