import type { Driver, DriverHost } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { GLOBAL_SCOPE, type Scope, scopeOf } from "../../../src/core/scope.ts";
import type { Admin, Engine, EngineDatabase } from "../../support/engines.ts";
import { fakeTenant } from "../../support/pg-world.ts";

/** A driver that is used without the rest of the toolkit, and two tenants' databases. */
export interface DriverWorld {
  readonly admin: Admin;
  readonly database: EngineDatabase;
  readonly driver: Driver;
  readonly globalSchema: string;
  /** Messages that were logged as warnings. */
  readonly warnings: string[];
  /** Databases that were reported missing. */
  readonly missing: string[];
  /** Names of the tenants' databases, and of one that does not exist. */
  readonly own: readonly [acme: string, globex: string, gone: string];
  /** Scopes of the tenants, and of one whose database does not exist. */
  readonly scopes: readonly [acme: Scope, globex: Scope, gone: Scope];
  /** Another driver for the same tenants. */
  open(options?: Parameters<EngineDatabase["driver"]>[0], changes?: Partial<DriverHost>): Driver;
  close(): Promise<void>;
}

/** Makes two databases with a table `note(id, owner)` of one row, and one for the global scope. */
export async function openDriverWorld(engine: Engine): Promise<DriverWorld> {
  const database = await engine.open();
  const admin = await database.connect();
  const names = ["acme", "globex", "gone"].map((name) => `${database.tenantPrefix}${name}`);
  const own = names as unknown as DriverWorld["own"];
  for (const schema of [database.globalSchema, own[0], own[1]]) {
    const owner = schema === database.globalSchema ? "GLOBAL" : schema;
    await admin.query(
      `create database if not exists ${schema};` +
        `create table ${schema}.note (id int auto_increment primary key, owner varchar(64) not null);` +
        `insert into ${schema}.note (owner) values ('${owner}')`,
    );
  }
  const missing: string[] = [];
  const warnings: string[] = [];
  const drivers: Driver[] = [];
  const open: DriverWorld["open"] = (options, changes) => {
    const driver = database.driver(options);
    const warn = (_fields: object, message?: string): void => void warnings.push(message ?? "");
    driver.attach({
      currentScope: () => undefined,
      globalSchema: database.globalSchema,
      logger: { ...SILENT_LOGGER, warn },
      onSchemaMissing: (schemaName) => missing.push(schemaName),
      sharedSchemas: [],
      ...changes,
    });
    drivers.push(driver);
    return driver;
  };
  const driver = open();
  const scopes = own.map((schemaName, index) => scopeOf(fakeTenant(`t${index}`, { schemaName })));
  return {
    admin,
    close: async () => {
      await Promise.all(drivers.map((one) => one.close()));
      await admin.end();
      await database.drop();
    },
    database,
    driver,
    globalSchema: database.globalSchema,
    missing,
    open,
    own,
    scopes: scopes as unknown as DriverWorld["scopes"],
    warnings,
  };
}

/** The scope of the global tables. */
export const GLOBAL: Scope = GLOBAL_SCOPE;

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
