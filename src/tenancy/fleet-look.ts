import type { Session } from "../core/driver.ts";
import type { Tenant } from "../core/tenant.ts";
import type { LifecycleDeps } from "../lifecycle/deps.ts";

/** How many tenants are looked at before the first of them is handed on. */
const AHEAD = 200;

/** A tenant of a run, and what is already known of it. */
export interface Candidate {
  /** The tenant, as it was listed. */
  readonly tenant: Tenant;
  /** Whether its own history says that nothing is pending. */
  readonly isUpToDate: boolean;
}

/** How {@link lookAhead} goes about it. */
export interface LookOptions {
  /** On how many connections at a time. */
  readonly concurrency: number;
  /** Whether looking is of any use, or still is. */
  shouldLook(): boolean;
}

/** Hands tenants on of which nothing is known. */
export async function* withoutLook(
  tenants: AsyncGenerator<Tenant, void, undefined>,
): AsyncGenerator<Candidate, void, undefined> {
  for await (const tenant of tenants) yield { isUpToDate: false, tenant };
}

/**
 * Finds the tenants of a run that have nothing to do by their own histories, without their locks and
 * many on one connection: one round trip each, instead of five. Whoever is not surely up to date is
 * looked at again, under its lock.
 */
export async function* lookAhead(
  deps: LifecycleDeps,
  tenants: AsyncGenerator<Tenant, void, undefined>,
  options: LookOptions,
): AsyncGenerator<Candidate, void, undefined> {
  let isEnd = false;
  while (!isEnd) {
    const ahead: Tenant[] = [];
    while (ahead.length < AHEAD && !isEnd) {
      const next = await tenants.next();
      if (next.done === true) isEnd = true;
      else ahead.push(next.value);
    }
    const upToDate = options.shouldLook() ? await look(deps, ahead, options) : new Set<Tenant>();
    for (const tenant of ahead) yield { isUpToDate: upToDate.has(tenant), tenant };
  }
}

async function look(
  deps: LifecycleDeps,
  tenants: readonly Tenant[],
  { concurrency }: LookOptions,
): Promise<ReadonlySet<Tenant>> {
  const upToDate = new Set<Tenant>();
  const { digest } = await deps.migrator.latest("tenant");
  const left = tenants.values();
  const lookOnOne = (): Promise<void> =>
    deps.driver.session({}, async (session) => {
      for (const tenant of left) {
        if (await isUpToDate(deps, session, tenant, digest)) upToDate.add(tenant);
      }
    });
  const sessions = Array.from({ length: Math.min(concurrency, tenants.length) }, lookOnOne);
  // What cannot be looked at now fails again under its lock, and is reported there.
  await Promise.allSettled(sessions);
  return upToDate;
}

async function isUpToDate(
  { migrator }: LifecycleDeps,
  session: Session,
  tenant: Tenant,
  digest: string,
): Promise<boolean> {
  try {
    const lines = await migrator.status(session, tenant);
    const newest = lines.at(-1)?.version ?? null;
    // What the registry says of it is mended under its lock.
    const isNoted = newest === tenant.version && digest === tenant.migrationsDigest;
    return isNoted && lines.every(({ state }) => state === "applied");
  } catch {
    return false;
  }
}
