import { parseSlug, slugKey } from "../core/names.ts";
import type { TenantFilter } from "../core/reports.ts";
import type { Settings } from "../core/settings.ts";
import { type Tenant, TENANT_STATES, type TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { badOption } from "../internal/call-options.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { describeState, notFound, remedyFor } from "../lifecycle/refs.ts";

const PAGE = 500;
const DEFAULT_STATES: readonly TenantState[] = ["active"];
const FILTERS: readonly string[] = ["except", "only", "search", "state", "version"];

/** What reading tenants needs. */
type SelectionDeps = Pick<LifecycleDeps, "driver" | "registry">;

/** A checked {@link TenantFilter}. */
export interface TenantSelection {
  /** Slugs; absent: all. */
  readonly only: readonly string[] | undefined;
  /** Keys of slugs that are left out. */
  readonly except: ReadonlySet<string>;
  /** States that a tenant may be in. */
  readonly states: readonly TenantState[];
  /** What the registry filters by. */
  readonly search: string | undefined;
  /** What the registry filters by. */
  readonly version: string | null | undefined;
}

/** Checks a filter. @throws TenancyError `INVALID_QUERY`, `INVALID_TENANT_ID` */
export function planTenants(
  where: TenantFilter = {},
  { rules }: Pick<Settings, "rules">,
): TenantSelection {
  if (typeof where !== "object" || where === null) throw badOption("where", "is not an object");
  const unknown = Object.keys(where).find((name) => !FILTERS.includes(name));
  if (unknown !== undefined) throw badOption(`where.${unknown}`, "is not known");
  const { except = [], only, search, state = DEFAULT_STATES, version } = where;
  const parse = (slugs: readonly string[], name: string): readonly string[] => {
    if (!Array.isArray(slugs)) throw badOption(`where.${name}`, "is not an array of slugs");
    return slugs.map((slug) => parseSlug(slug, rules));
  };
  const states: readonly TenantState[] = typeof state === "string" ? [state] : state;
  if (!Array.isArray(states) || !states.every((one) => TENANT_STATES.includes(one))) {
    throw badOption("where.state", "is not a state, nor an array of states");
  }
  if (only !== undefined && (search !== undefined || version !== undefined)) {
    throw badOption("where.only", "names the tenants already, beside `search` or `version`");
  }
  return {
    except: new Set(parse(except, "except").map(slugKey)),
    only: only === undefined ? undefined : [...new Set(parse(only, "only"))],
    search,
    states,
    version,
  };
}

/**
 * Reads the tenants of a selection by slug, page by page. Those that were named come in whatever state;
 * see {@link refusalOf}.
 *
 * @throws TenancyError `TENANT_NOT_FOUND` before the first tenant, if one was named that is not there
 */
export async function* readTenants(
  { driver, registry }: SelectionDeps,
  { except, only, search, states, version }: TenantSelection,
): AsyncGenerator<Tenant, void, undefined> {
  const isWanted = ({ slug }: Tenant): boolean => !except.has(slugKey(slug));
  const queries = pooledQueries(driver);
  if (only !== undefined) {
    const named = new Map<string, Tenant>();
    for (const slug of only) {
      const tenant = await registry.get(queries, slug);
      if (tenant === undefined) throw notFound(slug);
      named.set(tenant.id, tenant);
    }
    yield* [...named.values()].filter(isWanted);
    return;
  }
  let cursor: string | undefined;
  do {
    const page = await registry.list(queries, {
      limit: PAGE,
      state: states,
      ...(cursor !== undefined && { cursor }),
      ...(search !== undefined && { search }),
      ...(version !== undefined && { version }),
    });
    yield* page.tenants.filter(isWanted);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Returns why a tenant that was named is not entered, if it is not. */
export function refusalOf(tenant: Tenant, { states }: TenantSelection): TenancyError | undefined {
  if (states.includes(tenant.state)) return undefined;
  return new TenancyError(
    "TENANT_NOT_ACTIVE",
    `The tenant "${tenant.slug}" is ${describeState(tenant.state)}.`,
    { remedy: remedyFor(tenant.state), tenant: tenant.slug },
  );
}

/**
 * Looks a tenant up that has failed: as it is now, or `undefined` when it is no longer one of the
 * selection, because it was dropped or stopped meanwhile.
 */
export async function readAgain(
  { driver, registry }: SelectionDeps,
  { only, states }: TenantSelection,
  tenant: Tenant,
): Promise<Tenant | undefined> {
  const current = await registry.get(pooledQueries(driver), { id: tenant.id });
  if (current === undefined) return undefined;
  return only !== undefined || states.includes(current.state) ? current : undefined;
}
