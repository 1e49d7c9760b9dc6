import { parseSlug, slugKey } from "../core/names.ts";
import type { FleetOptions } from "../core/fleet.ts";
import type { DigestFilter } from "../core/registry.ts";
import { type Tenant, TENANT_STATES, type TenantState } from "../core/tenant.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { notFound } from "../lifecycle/refs.ts";
import { badOption } from "./fleet-options.ts";
import { retryConnecting } from "./retry-connecting.ts";

const PAGE = 500;

/** States of the tenants that are in a run, unless told otherwise. */
export const DEFAULT_STATES: readonly TenantState[] = ["active", "suspended", "maintenance"];

/** Checked {@link FleetOptions} that say which tenants are in a run. */
export interface FleetSelection {
  /** Slugs; absent: all. */
  readonly only: readonly string[] | undefined;
  /** Keys of slugs that are left out. */
  readonly except: ReadonlySet<string>;
  /** States; absent: whatever state, for tenants that were named. */
  readonly states: readonly TenantState[] | undefined;
  /** Ids, of a run that is taken up; absent: all. */
  readonly ids?: ReadonlySet<string> | undefined;
}

/** Checks which tenants a run is for. @throws TenancyError `INVALID_TENANT_ID`, `INVALID_QUERY` */
export function planSelection(
  options: FleetOptions,
  { settings }: Pick<LifecycleDeps, "settings">,
): FleetSelection {
  const { except = [], only, state } = options;
  const parse = (slugs: readonly string[], name: string): readonly string[] => {
    if (!Array.isArray(slugs)) throw badOption(name, "is not an array of slugs");
    return slugs.map((slug) => parseSlug(slug, settings.rules));
  };
  if (state !== undefined && !(Array.isArray(state) && state.every(isState))) {
    throw badOption("state", "is not an array of states");
  }
  return {
    except: new Set(parse(except, "except").map(slugKey)),
    only: only === undefined ? undefined : [...new Set(parse(only, "only"))],
    states: state ?? (only === undefined ? DEFAULT_STATES : undefined),
  };
}

function isState(value: unknown): boolean {
  return (TENANT_STATES as readonly unknown[]).includes(value);
}

/** The tenants of a run, and how many there are. */
export interface FleetTenants {
  /** Reads them page by page, as they are needed. */
  readonly read: () => AsyncGenerator<Tenant, void, undefined>;
  /** Whether those that somebody else brings up to date meanwhile are not read any more. */
  readonly skipsUpToDate?: boolean;
  /** Counts those that are read, and those that are left out as nothing is to be done in them. */
  readonly count: () => Promise<{ readonly listed: number; readonly upToDate: number }>;
}

/** Returns the tenants of a run, all of which are looked at, without those that are done before. */
export function everyTenant(
  deps: LifecycleDeps,
  selection: FleetSelection,
  canary: readonly Tenant[],
): FleetTenants {
  return {
    count: async () => {
      let listed = 0;
      for await (const _ of readSelection(deps, selection)) listed += 1;
      return { listed, upToDate: 0 };
    },
    read: () =>
      without(
        canary,
        withRenamed(selection, () => readSelection(deps, selection)),
      ),
  };
}

/**
 * Returns the tenants of a run that have another fingerprint than this, as the registry has it: one
 * query for a whole fleet that is up to date.
 */
export function tenantsBehind(
  deps: LifecycleDeps,
  selection: FleetSelection,
  canary: readonly Tenant[],
  digest: string,
): FleetTenants {
  const { except, ids, only } = selection;
  const isBehind = ({ migrationsDigest }: Tenant): boolean => migrationsDigest !== digest;
  // They are looked at in any case.
  const done = canary.filter((tenant) => !isBehind(tenant)).length;
  if (only !== undefined || except.size > 0 || ids !== undefined) {
    return {
      count: async () => {
        const counts = { listed: done, upToDate: -done };
        for await (const tenant of readSelection(deps, selection)) {
          counts[isBehind(tenant) ? "listed" : "upToDate"] += 1;
        }
        return counts;
      },
      read: () =>
        filter(
          without(
            canary,
            withRenamed(selection, () => readSelection(deps, selection)),
          ),
          isBehind,
        ),
      skipsUpToDate: true,
    };
  }
  return {
    count: async () => {
      const counts = { listed: done, upToDate: -done };
      const groups = await deps.registry.count(pooledQueries(deps.driver), selection.states);
      for (const { migrationsDigest, tenants } of groups) {
        counts[migrationsDigest === digest ? "upToDate" : "listed"] += tenants;
      }
      return counts;
    },
    read: () =>
      without(
        canary,
        withRenamed(selection, () => readSelection(deps, selection, { not: digest })),
      ),
    skipsUpToDate: true,
  };
}

/**
 * Reads the tenants that a run does first, of those that it is for.
 *
 * @throws TenancyError `TENANT_NOT_FOUND`, `INVALID_TENANT_ID`
 */
export async function readCanary(
  deps: LifecycleDeps,
  selection: FleetSelection,
  slugs: readonly string[] | undefined,
): Promise<readonly Tenant[]> {
  if (slugs === undefined) return [];
  const { only } = planSelection({ only: slugs }, deps);
  const keys = selection.only && new Set(selection.only.map(slugKey));
  const tenants: Tenant[] = [];
  for await (const tenant of readSelection(deps, { ...selection, only })) {
    if (keys?.has(slugKey(tenant.slug)) !== false) tenants.push(tenant);
  }
  return tenants;
}

/**
 * Reads the tenants of a run, page by page. A server that is started anew meanwhile is waited for.
 *
 * @param digests - only those with such a fingerprint
 * @throws TenancyError `TENANT_NOT_FOUND` before the first tenant, if one was named that is not there
 */
export async function* readSelection(
  deps: LifecycleDeps,
  selection: FleetSelection,
  digests?: DigestFilter,
): AsyncGenerator<Tenant, void, undefined> {
  const isWanted = ({ id, slug, state }: Tenant): boolean =>
    !selection.except.has(slugKey(slug)) &&
    selection.states?.includes(state) !== false &&
    selection.ids?.has(id) !== false;
  if (selection.only !== undefined) {
    yield* (await readNamed(deps, selection.only)).filter(isWanted);
    return;
  }
  let cursor: string | undefined;
  do {
    const filter = {
      limit: PAGE,
      ...(cursor !== undefined && { cursor }),
      ...(selection.states !== undefined && { state: selection.states }),
    };
    const page = await retryConnecting(deps, () =>
      deps.registry.list(pooledQueries(deps.driver), filter, digests),
    );
    yield* page.tenants.filter(isWanted);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/**
 * Reads tenants, and then those that were missed: one that is renamed between two pages may be in one
 * that was read before.
 */
async function* withRenamed(
  { only }: FleetSelection,
  read: () => AsyncGenerator<Tenant, void, undefined>,
): AsyncGenerator<Tenant, void, undefined> {
  const seen = new Set<string>();
  for await (const tenant of read()) {
    seen.add(tenant.id);
    yield tenant;
  }
  if (only === undefined && seen.size >= PAGE) yield* filter(read(), ({ id }) => !seen.has(id));
}

function without(
  done: readonly Tenant[],
  tenants: AsyncGenerator<Tenant, void, undefined>,
): AsyncGenerator<Tenant, void, undefined> {
  const ids = new Set(done.map(({ id }) => id));
  return ids.size === 0 ? tenants : filter(tenants, ({ id }) => !ids.has(id));
}

async function* filter(
  tenants: AsyncGenerator<Tenant, void, undefined>,
  isWanted: (tenant: Tenant) => boolean,
): AsyncGenerator<Tenant, void, undefined> {
  for await (const tenant of tenants) if (isWanted(tenant)) yield tenant;
}

async function readNamed(deps: LifecycleDeps, slugs: readonly string[]): Promise<Tenant[]> {
  const tenants = new Map<string, Tenant>();
  for (const slug of slugs) {
    const tenant = await retryConnecting(deps, () =>
      deps.registry.get(pooledQueries(deps.driver), slug),
    );
    if (tenant === undefined) throw notFound(slug);
    tenants.set(tenant.id, tenant);
  }
  return [...tenants.values()];
}
