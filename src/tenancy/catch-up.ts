import type { Session } from "../core/driver.ts";
import type { MigrationPhase, MigrationStatus } from "../core/migrator.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "../lifecycle/deps.ts";
import { withTenantLock } from "../lifecycle/tenant-lock.ts";
import { PARTIAL_DIGEST } from "../migrate/digest.ts";
import { MigrationError } from "../migrate/migration-error.ts";
import { migrateLocked } from "./migrations.ts";

/**
 * What nobody asked for must not break a process of the version before, and what contracts may: in a
 * deployment both serve requests.
 */
const PHASE: MigrationPhase = "expand";

/** Fingerprints of which it is known that nothing is to be applied on request. */
export interface Settled {
  /** Whether this is one. */
  has(digest: string | null): boolean;
  /** Adds one; `null`, and that of a history that is halfway, is none. */
  add(digest: string | null): void;
}

/** What one attempt came to. */
export interface CaughtUp {
  /** Whether the tenant is entered as it was found, in place of being looked up anew. */
  readonly isKept: boolean;
  /** Versions that were applied. */
  readonly versions: readonly string[];
}

const KEPT: CaughtUp = { isKept: true, versions: [] };
const RENEWED: CaughtUp = { isKept: false, versions: [] };

/**
 * Applies what is pending to a tenant, under its lock, unless somebody else has done it meanwhile. The
 * caches of this process then do not know the tenant as it was any more.
 *
 * @param tenant - as it was looked up
 * @throws TenancyError `TENANT_BUSY`, `MIGRATION_FAILED`, `MIGRATION_INTERRUPTED` and what else
 *   `migrate` throws
 */
export async function catchUp(
  deps: LifecycleDeps,
  tenant: Tenant,
  settled: Settled,
): Promise<CaughtUp> {
  // An older process must not wait for what a newer one does, which may take its time.
  const isHalfway = tenant.migrationsDigest === PARTIAL_DIGEST;
  if (isHalfway && (await isOthersWork(deps, tenant))) return KEPT;
  try {
    const done = await withTenantLock(deps, tenant, (session, found) =>
      catchUpLocked(deps, session, found, settled),
    );
    if (!done.isKept) deps.registry.forget(tenant);
    return done;
  } catch (error) {
    if (!isTenancyError(error, "TENANT_NOT_FOUND")) throw error;
    // It was dropped since; whoever looks it up again will see.
    deps.registry.forget(tenant);
    return RENEWED;
  }
}

async function catchUpLocked(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  settled: Settled,
): Promise<CaughtUp> {
  const { migrator, registry, settings } = deps;
  if (tenant.state !== "active" || settled.has(tenant.migrationsDigest)) return RENEWED;
  const lines = await migrator.status(session, tenant);
  const halfway = lines.find(({ state }) => state === "partial");
  // Nobody is at work, as the lock is ours. Somebody has to look at it, not the next request.
  if (halfway !== undefined) throw stoppedHalfway(halfway, tenant);
  if (!lines.some(isToDo) && lines.some(({ state }) => state === "changed")) {
    // `migrate` would refuse; but the schema has everything, and is no worse than a moment ago.
    const { schemaName, slug } = tenant;
    settings.logger.warn({ schemaName, tenant: slug }, "migration changed after it was applied");
    return KEPT;
  }
  const { versions } = await migrateLocked(deps, tenant, () =>
    migrator.migrate(session, tenant, { phase: PHASE }),
  );
  // As the registry has it now, which `migrate` has compared with the schema's own history.
  const migrated = await registry.get(globalQueries(session), { id: tenant.id });
  settled.add(migrated?.migrationsDigest ?? null);
  return { isKept: false, versions };
}

/** Whether all that is halfway is of migrations that are not known here, and nothing else is to do. */
async function isOthersWork({ driver, migrator }: LifecycleDeps, tenant: Tenant): Promise<boolean> {
  const lines = await driver.session({}, (session) => migrator.status(session, tenant));
  return !lines.some((line) => isToDo(line) || (line.state === "partial" && line.phase !== null));
}

function isToDo({ phase, state }: MigrationStatus): boolean {
  return state === "pending" && phase === PHASE;
}

function stoppedHalfway(
  { direction, name, stoppedAt, version }: MigrationStatus,
  { schemaName, slug }: Tenant,
): MigrationError {
  const file = stoppedAt?.file ?? `${version}_${name}`;
  const what = direction === "down" ? "is half rolled back" : "stopped halfway";
  return new MigrationError(
    {
      applied: [],
      file,
      line: stoppedAt?.line,
      schemaName,
      statement: stoppedAt?.statement,
      statementNumber: stoppedAt?.statementNumber,
      tenant: slug,
      version,
    },
    undefined,
    {
      code: "MIGRATION_INTERRUPTED",
      fact: `The migration ${file} ${what} for tenant "${slug}", and no request goes on with it.`,
      remedy: `Look at \`kirayedar status ${slug}\`; then migrate the tenant, or roll it back.`,
    },
  );
}
