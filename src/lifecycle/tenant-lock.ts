import type { Session } from "../core/driver.ts";
import { slugKey } from "../core/names.ts";
import type { RegistryTables } from "../core/settings.ts";
import type { Tenant, TenantRef } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, type LifecycleDeps } from "./deps.ts";
import { labelOf, notFound } from "./refs.ts";

/** How often a tenant may be renamed away while an operation waits for its lock. */
const MAX_ATTEMPTS = 5;

/**
 * The protocol of every operation on a tenant.
 *
 * There is one lock for each slug, as `slugKey` compares slugs, and an operation holds exactly one
 * of them, on a connection apart from the application's pool, from before it reads the row until
 * after its last write. Holding one only, operations cannot deadlock. The server frees the lock
 * when its connection ends, so that a row in a busy state (`provisioning`, `renaming`, `dropping`)
 * whose lock is free was left by a process that died; whoever takes the lock next finishes or undoes
 * that.
 *
 * - `create` takes the lock of a slug that has no row yet; so that two that make the same tenant
 *   come one after the other. Its first write is the row, which also reserves the schema's name
 *   and the domains, by their unique indexes, against tenants with other slugs.
 * - Operations on a tenant named by its slug take that slug's lock and then read the row.
 * - Those on a tenant named by its id read the slug, take its lock, and read the row again; if the
 *   tenant was renamed in between, they begin anew.
 * - `rename` holds the old slug's lock; the new slug is taken by its unique index, in the one
 *   transaction that does everything. Nothing is written after that. Where a schema has to be moved,
 *   that transaction makes the tenant `renaming`, and the rest is done under the new slug's lock.
 *
 * Every change of state also names the states that it may start from (compare and set), so that a
 * row that was changed by hand is never overwritten.
 *
 * @param ref - a slug, an id, or a tenant that was just read, whose slug saves a look
 */
export async function withTenantLock<T>(
  deps: LifecycleDeps,
  ref: TenantRef,
  fn: (session: Session, tenant: Tenant) => Promise<T>,
): Promise<T> {
  let slug = typeof ref === "string" ? ref : (ref as Partial<Tenant>).slug;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    slug ??= await readSlug(deps, ref);
    const key = slugKey(slug);
    const done = await withSlugLock(deps, slug, async (session) => {
      const tenant = await deps.registry.get(globalQueries(session), ref);
      if (tenant === undefined) throw notFound(ref);
      return slugKey(tenant.slug) === key ? { value: await fn(session, tenant) } : undefined;
    });
    if (done !== undefined) return done.value;
    slug = undefined;
  }
  throw busy(labelOf(ref));
}

/** Runs `fn` under the lock of a slug. See {@link withTenantLock} for the protocol. */
export async function withSlugLock<T>(
  { driver, settings }: LifecycleDeps,
  slug: string,
  fn: (session: Session) => Promise<T>,
): Promise<T> {
  let isHeld = false;
  try {
    return await driver.session(
      { lock: lockName(settings.registry, slug), lockTimeoutMs: settings.lockTimeoutMs },
      (session) => {
        isHeld = true;
        return fn(session);
      },
    );
  } catch (error) {
    if (!isHeld && isTenancyError(error, "TENANT_BUSY")) throw busy(slug, error);
    throw error;
  }
}

/** Returns the name of a slug's lock. Locks belong to a database; two registries in one may have the same slugs. */
export function lockName({ schema, table }: RegistryTables, slug: string): string {
  return `kirayedar:tenant:${schema}.${table}:${slugKey(slug)}`;
}

async function readSlug({ driver, registry }: LifecycleDeps, ref: TenantRef): Promise<string> {
  const tenant = await driver.session({}, (session) => registry.get(globalQueries(session), ref));
  if (tenant === undefined) throw notFound(ref);
  return tenant.slug;
}

function busy(tenant: string, cause?: unknown): TenancyError {
  return new TenancyError(
    "TENANT_BUSY",
    `Another operation on the tenant "${tenant}" has not ended yet.`,
    { cause, tenant },
  );
}
