import mysql from "mysql2/promise";
import type { Pool, PoolConnection } from "mysql2";
import type { DriverHost } from "../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../src/core/logger.ts";
import { type Scope, ScopeContext, scopeOf } from "../../src/core/scope.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import { mysql2, type Mysql2Options } from "../../src/drivers/mysql2/index.ts";
import { createMysqlDatabase } from "./create-mysql-database.ts";
import { createTestMysqlDatabase, type TestMysqlDatabase } from "./database.ts";
import { fakeTenant } from "./pg-world.ts";

/** A global database and those of tenants, and a driver that is used without the rest of the toolkit. */
export interface MysqlWorld {
  readonly database: TestMysqlDatabase;
  /** The driver's own user: its sessions are the driver's alone. */
  readonly user: string;
  readonly pool: Pool;
  readonly driver: ReturnType<typeof mysql2>;
  readonly context: ScopeContext;
  readonly tenants: readonly Tenant[];
  /** A connection of its own, without any scope; several statements may be in one text. */
  readonly admin: mysql.Connection;
  /** Databases that the driver reported missing. */
  readonly missing: string[];
  /** What the driver has logged as a warning. */
  readonly warnings: string[];
  in<T>(tenant: number, fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  close(): Promise<void>;
}

/** The connection with callbacks behind one with promises; the declared type is another. */
export function coreOf(connection: mysql.PoolConnection): PoolConnection {
  return connection.connection as unknown as PoolConnection;
}

/** The ways to send a text. */
export type Sending = "query" | "execute";

/** Sends a text in one of the ways. */
export function send(
  target: mysql.Pool | mysql.Connection,
  how: Sending,
  text: string,
): Promise<[mysql.QueryResult, mysql.FieldPacket[]]> {
  return how === "query" ? target.query(text) : target.execute(text);
}

/** A name in SQL text. */
export function backquoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * Makes the databases, with a table `note` of two rows in each, whose owner is the database's name.
 *
 * @param names - what follows the test's own prefix in the databases' names
 * @param serverUrl - another server than that of this test run
 */
export async function createMysqlWorld(
  names: readonly string[],
  options: Mysql2Options = {},
  serverUrl?: string,
): Promise<MysqlWorld> {
  const database = await (serverUrl === undefined
    ? createTestMysqlDatabase()
    : createMysqlDatabase(serverUrl));
  const admin = await mysql.createConnection({ multipleStatements: true, uri: database.url });
  admin.on("error", () => undefined);
  const tenants = names.map((name, index) =>
    fakeTenant(`t${index}`, { schemaName: `${database.prefix}${name}` }),
  );
  for (const name of [database.name, ...tenants.map(({ schemaName }) => schemaName)]) {
    await admin.query(
      `create database if not exists ${backquoted(name)}; use ${backquoted(name)};` +
        "create table note (id int auto_increment primary key, owner varchar(64) not null collate utf8mb4_bin, body text);" +
        "insert into note (owner, body) values (database(), 'first'), (database(), 'second')",
    );
  }
  await admin.query(`use ${backquoted(database.name)}`);
  const context = new ScopeContext();
  const missing: string[] = [];
  const warnings: string[] = [];
  const url = await database.createUser({ database: "all", tenants: "all" });
  const driver = mysql2({ connectionLimit: 4, uri: url, ...options });
  const host: DriverHost = {
    currentScope: () => context.current(),
    globalSchema: database.name,
    logger: { ...SILENT_LOGGER, warn: (_fields, message) => void warnings.push(message) },
    onSchemaMissing: (schemaName) => missing.push(schemaName),
    sharedSchemas: [],
  };
  driver.attach(host);
  return {
    admin,
    close: async () => {
      await driver.close();
      await admin.end();
      await database.drop();
    },
    context,
    database,
    driver,
    in: (tenant, fn) => context.run(scopeAt(tenants, tenant), fn),
    missing,
    get pool() {
      return driver.pool;
    },
    tenants,
    user: new URL(url).username,
    warnings,
  };
}

function scopeAt(tenants: readonly Tenant[], index: number): Scope {
  const tenant = tenants[index];
  if (tenant === undefined) throw new Error(`There is no tenant ${index}.`);
  return scopeOf(tenant);
}
