import type { Dialect, Statement } from "../core/dialect.ts";
import type { QueryResult, Session } from "../core/driver.ts";
import type { IntrospectRequest } from "../core/introspect-sql.ts";
import { GLOBAL_SCOPE, scopeOf } from "../core/scope.ts";
import type { Tenant } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { isConnectionFailure } from "../internal/connection-failure.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";
import { SchemaPicture } from "./compare-schemas.ts";

/** Runs one statement in the scope of the schema that is read. */
export type RunStatement = (statement: Statement) => Promise<Pick<QueryResult, "rows">>;

/** Reads what is in a schema: one round trip on PostgreSQL; on MySQL a few, and one for each table. */
export async function readSchema(
  dialect: Pick<Dialect, "introspect">,
  run: RunStatement,
  request: IntrospectRequest,
): Promise<SchemaPicture> {
  const { introspect } = dialect;
  const reading = introspect.read(request);
  let step = reading.next();
  while (step.done !== true) {
    const { rows } = await run(step.value);
    step = reading.next(rows);
  }
  return new SchemaPicture(step.value, introspect.spellings(request.schemaName));
}

/** Returns what is to be read of a tenant's schema: all but the history of its migrations. */
export function requestOf({ settings }: LifecycleDeps, schemaName: string): IntrospectRequest {
  return {
    except: [settings.migrations.table],
    lockTimeoutMs: settings.lockTimeoutMs,
    schemaName,
  };
}

/**
 * Reads a tenant's schema.
 *
 * @throws TenancyError `SCHEMA_NOT_FOUND`, `SCHEMA_NOT_READABLE`, `TENANT_BUSY`; a connection that is
 *   lost as the driver says it
 */
export async function readTenant(
  deps: LifecycleDeps,
  session: Session,
  tenant: Tenant,
): Promise<SchemaPicture> {
  const { dialect } = deps.driver;
  const scope = scopeOf(tenant);
  try {
    return await readSchema(
      dialect,
      ({ params, text }) => session.query(scope, text, params),
      requestOf(deps, tenant.schemaName),
    );
  } catch (cause) {
    if (isTenancyError(cause) || isConnectionFailure(cause)) throw cause;
    const isBusy = dialect.schema.isLockConflict(cause);
    throw new TenancyError(
      isBusy ? "TENANT_BUSY" : "SCHEMA_NOT_READABLE",
      isBusy
        ? `Somebody is changing the schema of the tenant "${tenant.slug}".`
        : `The schema of the tenant "${tenant.slug}" could not be read.`,
      { cause, tenant: tenant.slug },
    );
  }
}

/** Runs `fn` while statements of a session wait no longer for a lock than is configured. */
export async function withLockLimit<T>(
  { driver, settings }: LifecycleDeps,
  session: Session,
  fn: () => Promise<T>,
): Promise<T> {
  const { schema } = driver.dialect;
  const { endLockLimit } = schema;
  // Where a transaction's end ends the limit, the statement itself says it.
  if (endLockLimit === undefined) return await fn();
  await session.query(GLOBAL_SCOPE, schema.limitLockWait(settings.lockTimeoutMs));
  try {
    return await fn();
  } finally {
    // It fails only when the connection is lost, and must not hide the error before it.
    await session.query(GLOBAL_SCOPE, endLockLimit).catch(() => undefined);
  }
}
