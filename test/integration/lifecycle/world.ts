import pg from "pg";
import type { TenancyConfig } from "../../../src/core/config.ts";
import type { Driver } from "../../../src/core/driver.ts";
import type { Logger } from "../../../src/core/logger.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { pg as pgDriver, type PgOptions } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { createTestDatabase } from "../../support/database.ts";

/** One table with a row that says whose it is. */
export const CREATE_NOTE: Migration = {
  down: "drop table note",
  name: "create_note",
  up: "create table note (id serial primary key, body text); insert into note (body) values ('first')",
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
  readonly url: string;
  readonly databaseName: string;
  readonly tenancy: Tenancy<pg.Pool>;
  /** A client without any scope. */
  readonly admin: pg.Client;
  readonly log: readonly LogLine[];
  /** Another tenancy on the same database, as another process would have it. */
  another(config?: WorldConfig): Tenancy<pg.Pool>;
  /** What is in the database: rows of the registry, and schemas that are not the server's own. */
  contents(): Promise<{ rows: Record<string, unknown>[]; schemas: string[] }>;
  close(): Promise<void>;
}

/** What a test configures. */
export interface WorldConfig extends Partial<TenancyConfig<pg.Pool>> {
  readonly driver?: PgOptions;
  /** Replaces the driver by one around it. */
  readonly wrap?: (driver: Driver<pg.Pool>) => Driver<pg.Pool>;
}

/** Creates a database of its own, with the registry, and a tenancy on it. */
export async function createWorld(config: WorldConfig = {}): Promise<World> {
  const database = await createTestDatabase();
  const admin = new pg.Client({ connectionString: database.url });
  admin.on("error", () => undefined);
  await admin.connect();
  const opened: Tenancy<pg.Pool>[] = [];
  const log: LogLine[] = [];
  const another = (more: WorldConfig = {}): Tenancy<pg.Pool> => {
    const { driver, wrap = (given) => given, ...rest } = more;
    const tenancy = createTenancy<pg.Pool>({
      database: wrap(pgDriver({ connectionString: database.url, max: 4, ...driver })),
      logger: recordInto(log),
      migrations: { global: [], tenant: [CREATE_NOTE] },
      ...rest,
    });
    opened.push(tenancy);
    return tenancy;
  };
  const tenancy = another(config);
  await tenancy.migrateGlobal();
  return {
    admin,
    another,
    close: async () => {
      await Promise.all(opened.map((each) => each.close()));
      await admin.end();
      await database.drop();
    },
    contents: async () => {
      const rows = await admin.query<Record<string, unknown>>(
        "select slug, schema_name, state, version from public.tenants order by slug",
      );
      const schemas = await admin.query<{ nspname: string }>(
        "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema|public$)' order by 1",
      );
      return { rows: rows.rows, schemas: schemas.rows.map(({ nspname }) => nspname) };
    },
    databaseName: database.name,
    log,
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
