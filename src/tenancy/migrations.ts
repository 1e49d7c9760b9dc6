import type { MigrationResult, Migrator, RollbackOptions } from "../core/migrator.ts";
import type { Session } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import type { Tenancy } from "../core/tenancy.ts";
import type { Tenant, TenantRef, TenantState } from "../core/tenant.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { notFound, parseRef, wrongState } from "../lifecycle/refs.ts";
import { withTenantLock } from "../lifecycle/tenant-lock.ts";
import { askedOfMigration } from "./audit-details.ts";
import type { Asked } from "./audit-trail.ts";
import { aboutRef, learn } from "./lifecycle.ts";
import type { Operations } from "./operations.ts";

/** The part of {@link Tenancy} that migrates one tenant, or the global schema. */
export type Migrations = Pick<
  Tenancy,
  "migrate" | "migrateGlobal" | "migrationStatus" | "redo" | "rollback" | "rollbackGlobal"
>;

/** States in which a tenant has a schema that is nobody's work in progress. */
export const MIGRATABLE: readonly TenantState[] = [
  "active",
  "suspended",
  "maintenance",
  "archived",
];

/** Creates the migrating part of a tenancy. */
export function createMigrations(deps: LifecycleDeps, operations: Operations): Migrations {
  const { driver, migrator, registry, settings } = deps;
  const { rules } = settings;

  async function onTenant(
    operation: "tenant.migrate" | "tenant.rollback",
    ref: TenantRef,
    asked: Asked<MigrationResult>,
    fn: (session: Session, tenant: Tenant) => Promise<MigrationResult>,
  ): Promise<MigrationResult> {
    const parsed = parseRef(ref, rules);
    return await operations.run(
      operation,
      aboutRef(parsed),
      (event) =>
        withTenantLock(deps, parsed, (session, tenant) =>
          migrateLocked(deps, learn(event, tenant), () => fn(session, tenant)),
        ),
      { ...asked, ref: parsed },
    );
  }

  async function onGlobal(
    operation: "global.migrate" | "global.rollback",
    asked: Asked<MigrationResult>,
    fn: (session: Session) => Promise<MigrationResult>,
  ): Promise<MigrationResult> {
    const schemaName = rules.globalSchema;
    const lock = `kirayedar:global:${schemaName}`;
    return await operations.run(
      operation,
      { schemaName },
      () => driver.session({ lock, lockTimeoutMs: settings.lockTimeoutMs }, fn),
      asked,
    );
  }

  return {
    migrate: (ref, options) =>
      onTenant("tenant.migrate", ref, askedOfMigration(options), (session, tenant) =>
        migrator.migrate(session, tenant, options),
      ),
    migrateGlobal: (options) =>
      onGlobal("global.migrate", askedOfMigration(options), async (session) => {
        const first = driver.dialect.schema.ensure(rules.globalSchema);
        if (options?.dryRun !== true) {
          await session.transaction(GLOBAL_SCOPE, async () => undefined, { first });
        }
        return await migrator.migrate(session, "global", options);
      }),
    migrationStatus: async (ref) => {
      const parsed = ref === null ? null : parseRef(ref, rules);
      return await operations.track(() =>
        driver.session({}, async (session) => {
          if (parsed === null) return await migrator.status(session, "global");
          const tenant = await registry.get(globalQueries(session), parsed);
          if (tenant === undefined) throw notFound(parsed);
          return await migrator.status(session, tenant);
        }),
      );
    },
    redo: (ref, options) =>
      onTenant(
        "tenant.migrate",
        ref,
        askedOfMigration({ ...options, redo: true }),
        (session, tenant) => redo(migrator, session, tenant, options),
      ),
    rollback: (ref, options) =>
      onTenant("tenant.rollback", ref, askedOfMigration(options), (session, tenant) =>
        migrator.rollback(session, tenant, options),
      ),
    rollbackGlobal: (options) =>
      onGlobal("global.rollback", askedOfMigration(options), (session) =>
        migrator.rollback(session, "global", options),
      ),
  };
}

/**
 * Runs a migration of a tenant whose lock is held, and forgets what was known of it: its version is
 * part of it.
 *
 * @throws TenancyError `INVALID_STATE` if it is half-made or being dropped
 */
export async function migrateLocked(
  { registry }: LifecycleDeps,
  tenant: Tenant,
  fn: () => Promise<MigrationResult>,
): Promise<MigrationResult> {
  if (!MIGRATABLE.includes(tenant.state)) throw wrongState(tenant, "migrated");
  try {
    const result = await fn();
    if (result.versions.length > 0) registry.forget(tenant);
    return result;
  } catch (error) {
    // Of several migrations, those before the one that failed were applied.
    registry.forget(tenant);
    throw error;
  }
}

async function redo(
  migrator: Migrator,
  session: Session,
  tenant: Tenant,
  options: Pick<RollbackOptions, "interrupted" | "steps"> = {},
): Promise<MigrationResult> {
  const undone = await migrator.rollback(session, tenant, {
    ...options,
    steps: options.steps ?? 1,
  });
  // Migrations that are newer, but were never applied, stay pending; so does what waits to contract.
  const newest = undone.versions[0];
  if (newest === undefined) return undone;
  const lines = await migrator.status(session, tenant);
  const isContracted = lines.some(
    ({ phase, version }) => phase === "contract" && undone.versions.includes(version),
  );
  const how = isContracted ? {} : { phase: "expand" as const };
  const redone = await migrator.migrate(session, tenant, { to: newest, ...how });
  return { ...redone, durationMs: undone.durationMs + redone.durationMs };
}
