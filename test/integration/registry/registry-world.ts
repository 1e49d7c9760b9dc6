import type { TenancyConfig } from "../../../src/core/config.ts";
import type { Driver, Queryable } from "../../../src/core/driver.ts";
import type { NewTenant, Registry } from "../../../src/core/registry.ts";
import { GLOBAL_SCOPE } from "../../../src/core/scope.ts";
import type { Settings } from "../../../src/core/settings.ts";
import type { Tenant, TenantState } from "../../../src/core/tenant.ts";
import { createRegistry } from "../../../src/registry/create-registry.ts";
import { registryMigration } from "../../../src/registry/registry-migration.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { type Admin, type Engine, type EngineDatabase, POSTGRES } from "../../support/engines.ts";

/** One process's registry: its own driver, its own memory. */
export interface RegistryProcess {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly driver: Driver;
  /** What writes go through, outside any transaction. */
  readonly on: Queryable;
  /** Texts of all statements that the registry sent on its own account. */
  readonly queries: string[];
  /** Called with each of them; awaited after the answer has come and before it is handed on. */
  afterQuery: (() => Promise<void>) | undefined;
  /** The clock, in milliseconds. */
  time: number;
  /** What was logged as a warning. */
  readonly warnings: string[];
  transaction<T>(fn: (on: Queryable) => Promise<T>): Promise<T>;
}

/** One database, in which any number of processes have a registry. */
export interface RegistryWorld {
  readonly database: EngineDatabase;
  readonly admin: Admin;
  process(config?: Partial<TenancyConfig>): RegistryProcess;
  migrate(config?: Partial<TenancyConfig>): Promise<void>;
  close(): Promise<void>;
}

export async function createRegistryWorld(engine: Engine = POSTGRES): Promise<RegistryWorld> {
  const database = await engine.open();
  const admin = await database.connect();
  const processes: RegistryProcess[] = [];
  return {
    admin,
    database,
    async close() {
      for (const { driver, registry } of processes) {
        await registry.close();
        await driver.close();
      }
      await admin.end();
      await database.drop();
    },
    async migrate(config) {
      const { registry, rules } = settingsOf(database, config).settings;
      const { up } = registryMigration(rules.dialect as Driver["dialect"], registry);
      await admin.query(up as string);
    },
    process(config) {
      const made = createProcess(database, config);
      processes.push(made);
      return made;
    },
  };
}

function settingsOf(
  database: EngineDatabase,
  config: Partial<TenancyConfig> = {},
): { driver: Driver; settings: Settings } {
  const driver = config.database ?? database.driver();
  return { driver, settings: resolveSettings({ ...config, database: driver }) };
}

function createProcess(
  database: EngineDatabase,
  config: Partial<TenancyConfig> | undefined,
): RegistryProcess {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const logger = {
    debug: ignore,
    error: ignore,
    info: ignore,
    warn: (_fields: object, message: string) => void warnings.push(message),
  };
  const { driver, settings } = settingsOf(database, { logger, ...config });
  driver.attach({
    currentScope: () => undefined,
    globalSchema: settings.registry.schema,
    logger: settings.logger,
    onSchemaMissing: ignore,
    sharedSchemas: [],
  });
  const queries: string[] = [];
  const spied: Driver = Object.create(driver, {
    query: {
      value: async (...args: Parameters<Driver["query"]>) => {
        queries.push(args[1]);
        const result = await driver.query(...args);
        await world.afterQuery?.();
        return result;
      },
    },
    subscribe: { value: driver.subscribe.bind(driver) },
    dialect: { value: driver.dialect },
  }) as Driver;
  const on: Queryable = { query: (text, params) => driver.query(GLOBAL_SCOPE, text, params) };
  const transaction: RegistryProcess["transaction"] = (fn) => driver.transaction(GLOBAL_SCOPE, fn);
  const registry = createRegistry({ driver: spied, now: () => world.time, settings });
  const world: RegistryProcess = {
    afterQuery: undefined,
    driver,
    on,
    queries,
    registry: inTransactions(registry, on, transaction),
    settings,
    time: 1000,
    transaction,
    warnings,
  };
  return world;
}

const WRITES = [
  "addDomain",
  "insert",
  "release",
  "remove",
  "removeDomain",
  "setPrimaryDomain",
  "update",
] as const;

/** Gives each write that is not in a transaction one of its own: on some engines it is several statements. */
function inTransactions(
  registry: Registry,
  on: Queryable,
  transaction: RegistryProcess["transaction"],
): Registry {
  const wrapped = Object.create(registry) as Record<string, unknown>;
  for (const name of WRITES) {
    const write = registry[name] as (target: Queryable, ...rest: unknown[]) => Promise<unknown>;
    wrapped[name] = (target: Queryable, ...rest: unknown[]) =>
      target === on ? transaction((tx) => write(tx, ...rest)) : write(target, ...rest);
  }
  return wrapped as unknown as Registry;
}

/** A tenant to insert. */
export function newTenant(slug: string, changes: Partial<NewTenant> = {}): NewTenant {
  return {
    domains: [],
    extra: {},
    name: null,
    schemaName: `tenant_${slug.replaceAll("-", "_")}`,
    server: "default",
    slug,
    ...changes,
  };
}

/** Inserts a tenant, and brings it into a state. */
export async function insertTenant(
  { on, registry }: RegistryProcess,
  slug: string,
  changes: Partial<NewTenant> & { state?: TenantState; version?: string } = {},
): Promise<Tenant> {
  const { state = "active", version, ...rest } = changes;
  const { id } = await registry.insert(on, newTenant(slug, rest));
  const tenant = await registry.update(on, id, {
    state,
    ...(version === undefined ? {} : { version }),
  });
  if (tenant === undefined) throw new Error("The tenant is gone.");
  return tenant;
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error("It did not become so.");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
