import { parseSlug, slugKey } from "../core/names.ts";
import type { FleetOptions } from "../core/tenancy.ts";
import { type Tenant, TENANT_STATES, type TenantState } from "../core/tenant.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { notFound } from "../lifecycle/refs.ts";

const PAGE = 500;
const DEFAULT_STATES: readonly TenantState[] = ["active", "suspended", "maintenance"];

/** Checked {@link FleetOptions} that say which tenants are in a run. */
export interface FleetSelection {
  /** Slugs; absent: all. */
  readonly only: readonly string[] | undefined;
  /** Keys of slugs that are left out. */
  readonly except: ReadonlySet<string>;
  /** States; absent: whatever state, for tenants that were named. */
  readonly states: readonly TenantState[] | undefined;
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

/** Returns the error for an option of a run that has a wrong value. */
export function badOption(name: string, fact: string): TenancyError {
  return new TenancyError("INVALID_QUERY", `The option \`${name}\` ${fact}.`);
}

/**
 * Reads the tenants of a run, page by page.
 *
 * @throws TenancyError `TENANT_NOT_FOUND` before the first tenant, if one was named that is not there
 */
export async function* readSelection(
  deps: LifecycleDeps,
  selection: FleetSelection,
): AsyncGenerator<Tenant, void, undefined> {
  const isWanted = ({ slug, state }: Tenant): boolean =>
    !selection.except.has(slugKey(slug)) && selection.states?.includes(state) !== false;
  if (selection.only !== undefined) {
    yield* (await readNamed(deps, selection.only)).filter(isWanted);
    return;
  }
  let cursor: string | undefined;
  do {
    const page = await deps.registry.list(pooledQueries(deps.driver), {
      limit: PAGE,
      ...(cursor !== undefined && { cursor }),
      ...(selection.states !== undefined && { state: selection.states }),
    });
    yield* page.tenants.filter(isWanted);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function readNamed(
  { driver, registry }: LifecycleDeps,
  slugs: readonly string[],
): Promise<Tenant[]> {
  const tenants = new Map<string, Tenant>();
  for (const slug of slugs) {
    const tenant = await registry.get(pooledQueries(driver), slug);
    if (tenant === undefined) throw notFound(slug);
    tenants.set(tenant.id, tenant);
  }
  return [...tenants.values()];
}
