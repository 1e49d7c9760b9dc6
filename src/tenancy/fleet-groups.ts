import type { FleetFailure, FleetGroup, FleetStatus, FleetVersion } from "../core/fleet-status.ts";
import type { LatestMigrations } from "../core/migrator.ts";
import type { DigestFilter, TenantCount } from "../core/registry.ts";
import type { TenantState } from "../core/tenant.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { compareVersions } from "../migrate/discover.ts";
import { type Kind, kindsByDigest } from "./fleet-kinds.ts";
import { DEFAULT_STATES } from "./fleet-selection.ts";
import { verifyTenants } from "./fleet-verify.ts";

/** Largest page of the registry. */
const PAGE = 1_000;

/** What of a {@link FleetStatus} the kinds of tenants make. */
export type Groups = Pick<
  FleetStatus,
  "ahead" | "behind" | "changed" | "dirty" | "mismatched" | "versions"
> & {
  /** Tenants whose histories could not be read. */
  readonly unreadable: readonly FleetFailure[];
};

const FLAGS = {
  ahead: "isAhead",
  behind: "isBehind",
  changed: "isChanged",
  dirty: "isDirty",
} as const satisfies Record<string, keyof Kind>;

/** Groups them by what the registry says of them. */
export async function groupByDigest(
  deps: LifecycleDeps,
  counts: readonly TenantCount[],
  latest: LatestMigrations,
  limit: number,
): Promise<Groups> {
  const taken = counts.filter(({ state }) => DEFAULT_STATES.includes(state));
  const kinds = await kindsByDigest(deps, taken, latest);
  const group = async (name: keyof typeof FLAGS): Promise<FleetGroup> => {
    const flag = FLAGS[name];
    const among = [...kinds].flatMap(([digest, kind]) => (kind[flag] ? [digest] : []));
    const count = sumOf(taken.filter(({ migrationsDigest }) => among.includes(migrationsDigest)));
    const slugs = count === 0 ? [] : await readSlugs(deps, DEFAULT_STATES, limit, { in: among });
    return { count, slugs };
  };
  const versions = new Versions();
  for (const { migrationsDigest, state, tenants, version } of counts) {
    const kind = DEFAULT_STATES.includes(state) ? kinds.get(migrationsDigest) : undefined;
    versions.add(version, kind, tenants);
  }
  return {
    ahead: await group("ahead"),
    behind: await group("behind"),
    changed: await group("changed"),
    dirty: await group("dirty"),
    mismatched: null,
    unreadable: [],
    versions: versions.list(),
  };
}

/** Groups them by what their own histories say. */
export async function groupByHistory(
  deps: LifecycleDeps,
  counts: readonly TenantCount[],
  limit: number,
): Promise<Groups> {
  const names = ["ahead", "behind", "changed", "dirty", "mismatched"] as const;
  const groups = Object.fromEntries(
    names.map((name) => [name, { count: 0, slugs: [] as string[] }]),
  ) as Record<(typeof names)[number], { count: number; slugs: string[] }>;
  const versions = new Versions();
  const unreadable: FleetFailure[] = [];
  const selection = { except: new Set<string>(), only: undefined, states: DEFAULT_STATES };
  for await (const { error, isMismatched, kind, tenant, version } of verifyTenants(
    deps,
    selection,
  )) {
    versions.add(version, kind, 1);
    if (error !== undefined) {
      const { code } = error as { readonly code?: unknown };
      unreadable.push({
        code: typeof code === "string" ? code : null,
        run: null,
        slug: tenant.slug,
      });
    }
    for (const name of names) {
      const is = name === "mismatched" ? isMismatched : kind?.[FLAGS[name]] === true;
      if (!is) continue;
      groups[name].count += 1;
      if (groups[name].slugs.length < limit) groups[name].slugs.push(tenant.slug);
    }
  }
  for (const { state, tenants, version } of counts) {
    if (!DEFAULT_STATES.includes(state)) versions.add(version, undefined, tenants);
  }
  return { ...groups, unreadable, versions: versions.list() };
}

/** How many tenants are at each version. */
class Versions {
  readonly #byVersion = new Map<
    string | null,
    { ahead: number; behind: number; tenants: number }
  >();

  add(version: string | null, kind: Kind | undefined, tenants: number): void {
    const known = this.#byVersion.get(version) ?? { ahead: 0, behind: 0, tenants: 0 };
    known.tenants += tenants;
    if (kind?.isAhead === true) known.ahead += tenants;
    if (kind?.isBehind === true) known.behind += tenants;
    this.#byVersion.set(version, known);
  }

  /** Returns them, the newest first. */
  list(): FleetVersion[] {
    return [...this.#byVersion]
      .map(([version, counts]) => ({ version, ...counts }))
      .toSorted((a, b) => compareVersions(b.version ?? "", a.version ?? ""));
  }
}

/** Reads slugs of tenants, page by page, no more than are asked for. */
export async function readSlugs(
  { driver, registry }: LifecycleDeps,
  state: readonly TenantState[],
  limit: number,
  digests?: DigestFilter,
): Promise<string[]> {
  const slugs: string[] = [];
  let cursor: string | undefined;
  while (slugs.length < limit) {
    const how = { limit: Math.min(PAGE, limit - slugs.length), state };
    const options = cursor === undefined ? how : { ...how, cursor };
    const page = await registry.list(pooledQueries(driver), options, digests);
    slugs.push(...page.tenants.map(({ slug }) => slug));
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  return slugs;
}

/** Counts tenants. */
export function sumOf(counts: readonly TenantCount[]): number {
  return counts.reduce((sum, { tenants }) => sum + tenants, 0);
}
