import { ScopeContext } from "../../../src/core/scope.ts";
import type { LifecycleDeps } from "../../../src/lifecycle/deps.ts";
import { createMigrator } from "../../../src/migrate/create-migrator.ts";
import { createRegistry } from "../../../src/registry/create-registry.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { mysql2 } from "../../../src/drivers/mysql2/index.ts";
import type { World } from "../lifecycle/world.ts";

/** What the lifecycle works with, on a world's database, for parts that a tenancy has no call for. */
export function connectDeps(world: World): LifecycleDeps {
  const driver = mysql2({ uri: world.url });
  const settings = resolveSettings({
    database: driver,
    migrations: { global: [], tenant: [] },
    tenantPrefix: world.schema(""),
  });
  const context = new ScopeContext();
  driver.attach({
    currentScope: () => context.current(),
    globalSchema: world.globalSchema,
    logger: settings.logger,
    onSchemaMissing: () => undefined,
    sharedSchemas: [],
  });
  const registry = createRegistry({ driver, settings });
  const migrator = createMigrator({
    builtinGlobal: [],
    dialect: driver.dialect,
    importModule: undefined,
    registry,
    settings,
  });
  return { context, driver, migrator, registry, settings };
}
