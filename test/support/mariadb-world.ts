import type { Pool } from "mariadb";
import mysql from "mysql2/promise";
import type { DriverHost } from "../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../src/core/logger.ts";
import { GLOBAL_SCOPE, ScopeContext, scopeOf } from "../../src/core/scope.ts";
import type { Tenant } from "../../src/core/tenant.ts";
import { mariadb, type MariadbOptions } from "../../src/drivers/mariadb/index.ts";
import { createMysqlDatabase } from "./create-mysql-database.ts";
import { createTestMysqlDatabase, type TestMysqlDatabase } from "./database.ts";
import { fakeTenant } from "./pg-world.ts";

/** A few tenants' databases, and a driver that is used without the rest of the toolkit. */
export interface MariadbWorld {
  readonly database: TestMysqlDatabase;
  /** The driver's own user: its sessions are the driver's alone. */
  readonly user: string;
  readonly pool: Pool;
  readonly driver: ReturnType<typeof mariadb>;
  readonly context: ScopeContext;
  readonly tenants: readonly Tenant[];
  /** A connection of its own, without any scope. */
  readonly admin: mysql.Connection;
  /** Databases that the driver reported missing. */
  readonly missing: string[];
  /** What the driver has logged. */
  readonly logged: [level: string, message: string][];
  in<T>(tenant: number | "global", fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
  /** Another driver for the same tenants. */
  open(options?: MariadbOptions): ReturnType<typeof mariadb>;
  close(): Promise<void>;
}

/** Quotes an identifier. */
export function ticked(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * Makes a database for each name, behind the test's prefix, with a table `note(id, owner, body)` of two
 * rows each, and one with decoys for the global scope.
 *
 * @param serverUrl - another server than that of the test run
 */
export async function createMariadbWorld(
  names: readonly string[],
  options: MariadbOptions = {},
  serverUrl?: string,
): Promise<MariadbWorld> {
  const database = await (serverUrl === undefined
    ? createTestMysqlDatabase()
    : createMysqlDatabase(serverUrl));
  const admin = await mysql.createConnection({ multipleStatements: true, uri: database.url });
  admin.on("error", () => undefined);
  const tenants = names.map((name, index) =>
    fakeTenant(`t${index}`, { schemaName: `${database.prefix}${name}` }),
  );
  for (const schema of [database.name, ...tenants.map(({ schemaName }) => schemaName)]) {
    const owner = schema === database.name ? "GLOBAL" : schema;
    await admin.query(
      `create database if not exists ${ticked(schema)}; use ${ticked(schema)};` +
        "create table note (id int auto_increment primary key, owner varchar(64) not null, body text);" +
        "insert into note (owner, body) values (?, 'first'), (?, 'first')",
      [owner, owner],
    );
  }
  const context = new ScopeContext();
  const missing: string[] = [];
  const logged: MariadbWorld["logged"] = [];
  const log =
    (level: string) =>
    (_fields: object, message?: string): void =>
      void logged.push([level, message ?? ""]);
  const host: DriverHost = {
    currentScope: () => context.current(),
    globalSchema: database.name,
    logger: { ...SILENT_LOGGER, debug: log("debug"), warn: log("warn") },
    onSchemaMissing: (schemaName) => missing.push(schemaName),
    sharedSchemas: [],
  };
  const url = await database.createUser({ database: "all", server: "process", tenants: "all" });
  const drivers: ReturnType<typeof mariadb>[] = [];
  const open = (more: MariadbOptions = {}): ReturnType<typeof mariadb> => {
    const driver = mariadb({ connectionLimit: 4, uri: url, ...options, ...more });
    driver.attach(host);
    drivers.push(driver);
    return driver;
  };
  const driver = open();
  return {
    admin,
    close: async () => {
      await Promise.all(drivers.map((one) => one.close()));
      await admin.end();
      await database.drop();
    },
    context,
    database,
    driver,
    in: (tenant, fn) =>
      context.run(tenant === "global" ? GLOBAL_SCOPE : scopeOf(tenants[tenant]!), fn),
    logged,
    missing,
    open,
    get pool() {
      return driver.pool;
    },
    tenants,
    user: new URL(url).username,
  };
}
