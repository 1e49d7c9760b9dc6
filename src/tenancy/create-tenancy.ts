import type { Actor } from "../core/audit.ts";
import type { TenancyConfig } from "../core/config.ts";
import { ScopeContext } from "../core/scope.ts";
import type { Settings } from "../core/settings.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { rejecting } from "./rejecting.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { createMigrator } from "../migrate/create-migrator.ts";
import { createSeeder } from "../migrate/create-seeder.ts";
import { createRegistry } from "../registry/create-registry.ts";
import { registryMigration } from "../registry/registry-migration.ts";
import { createResolve } from "../resolvers/create-resolve.ts";
import { createAbout } from "./about.ts";
import { Actors, parseActor } from "./actors.ts";
import { createAdopt } from "./adopt.ts";
import { createAudit } from "./audit.ts";
import { AuditTrail } from "./audit-trail.ts";
import { createDomains } from "./domains.ts";
import { createDrift } from "./drift.ts";
import { createFleet } from "./fleet.ts";
import { createFleetHistory } from "./fleet-history.ts";
import { createFleetStatus } from "./fleet-status.ts";
import { createEveryTenant } from "./for-each.ts";
import { createInsight } from "./insight.ts";
import { createKeys } from "./keys.ts";
import { createLifecycle } from "./lifecycle.ts";
import { createMigrations } from "./migrations.ts";
import { createOnRequest } from "./on-request.ts";
import { Operations } from "./operations.ts";
import { createProvisioning } from "./provisioning.ts";
import { resolveReady } from "./resolve-ready.ts";
import { createScoping, requireScope } from "./scoping.ts";
import { createSeeding } from "./seed.ts";
import { resolveSettings } from "./settings.ts";
import { traceResolve } from "./traced-resolve.ts";

/**
 * Creates the tenancy of one application. Does no I/O: the first connection is made by the first
 * call that needs one.
 *
 * @throws TenancyError `INVALID_CONFIG`
 */
export function createTenancy<Pool>(config: TenancyConfig<Pool>): Tenancy<Pool> {
  return createTenancyAs(config, undefined);
}

/**
 * Creates a tenancy for a program that one person runs: whatever is changed through it is done on behalf of
 * `actor`, except inside `actingAs`.
 *
 * @throws TenancyError `INVALID_CONFIG`, `INVALID_QUERY`
 */
export function createTenancyAs<Pool>(
  config: TenancyConfig<Pool>,
  actor: Actor | undefined,
): Tenancy<Pool> {
  const settings = resolveSettings(config);
  const driver = config.database;
  const isOnRequest = settings.migrations.migrate === "on-request";
  const deps = connect(config, settings);
  const actors = new Actors(actor && parseActor(actor));
  const trail = new AuditTrail(deps, actors);
  const operations = new Operations(settings.logger, { isMarking: isOnRequest, trail });
  const { context, registry } = deps;
  const provisioning = createProvisioning(deps, operations);
  const onRequest = createOnRequest(deps, operations);
  const resolve = traceResolve(
    resolveReady(createResolve({ now: config.now, registry, settings }), onRequest),
  );
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    closing ??= closeAll(deps, operations);
    return closing;
  }

  return {
    ...createScoping({
      checkOpen: () => operations.checkOpen(),
      context,
      driver,
      onRequest,
      registry,
      settings,
    }),
    ...createKeys(() => requireScope(context)),
    ...createLifecycle(deps, operations, provisioning.refillSoon),
    ...createAbout(deps, operations),
    ...createAdopt(deps, operations),
    ...createAudit(deps, operations, actors),
    ...createInsight(deps, operations),
    ...createDomains(deps, operations),
    ...createMigrations(deps, operations),
    ...createFleet(deps, operations, provisioning.refill),
    ...createFleetHistory(deps, operations),
    ...createFleetStatus(deps, operations),
    ...createEveryTenant(deps, operations),
    ...createDrift(deps, operations),
    ...createSeeding(deps, operations),
    [Symbol.asyncDispose]: close,
    provision: provisioning.provision,
    close,
    logger: settings.logger,
    get pool(): Pool {
      return driver.pool;
    },
    resolve: (request) => {
      if (operations.isClosed) return rejecting(async () => operations.checkOpen() as never);
      return resolve(request);
    },
  };
}

/** Joins the parts, which know each other by their interfaces alone. */
function connect(config: TenancyConfig, settings: Settings): LifecycleDeps {
  const driver = config.database;
  const { globalSchema, sharedSchemas } = settings.rules;
  const context = new ScopeContext();
  driver.attach({
    currentScope: () => context.current(),
    globalSchema,
    logger: settings.logger,
    onSchemaMissing: (schemaName) => registry.forget({ schemaName }),
    sharedSchemas,
  });
  const registry = createRegistry({ driver, now: config.now, settings });
  const migrator = createMigrator({
    builtinGlobal: [registryMigration(driver.dialect, settings.registry)],
    dialect: driver.dialect,
    importModule: config.importModule,
    registry,
    settings,
  });
  const { importModule } = config;
  const seeder = createSeeder({ context, dialect: driver.dialect, importModule, settings });
  return { context, driver, migrator, registry, seeder, settings };
}

/** Waits for what runs, and ends every connection even if one of the ends fails. */
async function closeAll(
  { driver, registry }: LifecycleDeps,
  operations: Operations,
): Promise<void> {
  await operations.close();
  try {
    await registry.close();
  } finally {
    await driver.close();
  }
}
