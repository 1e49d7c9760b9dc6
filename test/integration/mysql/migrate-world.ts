import type { Driver, Session } from "../../../src/core/driver.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import type { Migration, Migrator } from "../../../src/core/migrator.ts";
import type { Registry } from "../../../src/core/registry.ts";
import type { Settings } from "../../../src/core/settings.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import { createMigrator } from "../../../src/migrate/create-migrator.ts";

/** Gives a driver to nobody but the test. */
export function attach(driver: Driver, globalSchema: string): Driver {
  driver.attach({
    currentScope: () => undefined,
    globalSchema,
    logger: SILENT_LOGGER,
    onSchemaMissing: () => undefined,
    sharedSchemas: [],
  });
  return driver;
}

/** Notes the version where the registry would, in a table `versions (id, version)`. */
function versions(globalSchema: string): Pick<Registry, "update"> {
  return {
    update: async (on, id, { version }) => {
      await on.query(
        `insert into \`${globalSchema}\`.versions values (?, ?) on duplicate key update version = values(version)`,
        [id, version],
      );
      return undefined;
    },
  };
}

/** Makes a migrator that has looked at nothing yet. */
export function migratorOf(
  { dialect }: Driver,
  globalSchema: string,
  source: string | readonly Migration[],
): Migrator {
  const settings = {
    logger: SILENT_LOGGER,
    migrations: {
      global: source,
      optional: { global: false, tenant: false },
      lockWaitMs: 1_000,
      strictOrder: false,
      table: "kirayedar_migrations",
      tenant: source,
    },
    rules: { globalSchema, sharedSchemas: [] },
  } as unknown as Settings;
  return createMigrator({
    builtinGlobal: [],
    dialect,
    registry: versions(globalSchema),
    settings,
  });
}

/** Runs `fn` under the tenant's lock. */
export function locked<T>(
  driver: Driver,
  tenant: Tenant,
  fn: (session: Session) => Promise<T>,
): Promise<T> {
  return driver.session({ lock: `migrate ${tenant.id}` }, fn);
}
