import type { FleetFailure, FleetStatus, FleetStatusOptions } from "../core/fleet-status.ts";
import type { LatestMigrations } from "../core/migrator.ts";
import type { TenantCount } from "../core/registry.ts";
import type { Tenancy } from "../core/tenancy.ts";
import { isTenancyError } from "../errors/tenancy-error.ts";
import { type LifecycleDeps, pooledQueries } from "../lifecycle/deps.ts";
import { createRunStatement } from "../registry/registry-table.ts";
import { groupByDigest, groupByHistory, readSlugs, sumOf } from "./fleet-groups.ts";
import { badOption } from "./fleet-options.ts";
import type { Operations } from "./operations.ts";

const DEFAULT_LIMIT = 100;

/** Creates the part of a tenancy that tells who is behind. */
export function createFleetStatus(
  deps: LifecycleDeps,
  operations: Operations,
): Pick<Tenancy, "fleetStatus"> {
  return {
    fleetStatus: async ({ limit = DEFAULT_LIMIT, verify = false }: FleetStatusOptions = {}) => {
      if (!Number.isInteger(limit) || limit < 0) throw badOption("limit", "is not a whole number");
      return await operations.track(() => readStatus(deps, limit, verify));
    },
  };
}

async function readStatus(
  deps: LifecycleDeps,
  limit: number,
  isVerified: boolean,
): Promise<FleetStatus> {
  const { driver, migrator, registry } = deps;
  const counts = await registry.count(pooledQueries(driver));
  const latest = await migrator.latest("tenant");
  const { unreadable, ...groups } = isVerified
    ? await groupByHistory(deps, counts, limit)
    : await groupByDigest(deps, counts, latest, limit);
  return {
    ...groups,
    failed: await readFailed(deps, counts, latest, { limit, unreadable }),
    global: await driver.session({}, (session) => migrator.status(session, "global")),
    latestVersion: latest.version,
    tenants: sumOf(counts),
  };
}

/** Reads who failed: by state, by the records of runs, and what could not be read just now. */
async function readFailed(
  deps: LifecycleDeps,
  counts: readonly TenantCount[],
  latest: LatestMigrations,
  { limit, unreadable }: { readonly limit: number; readonly unreadable: readonly FleetFailure[] },
): Promise<FleetStatus["failed"]> {
  const { driver, settings } = deps;
  const { registry, runs } = driver.dialect;
  const byState = sumOf(counts.filter(({ state }) => state === "failed"));
  const slugs = byState === 0 ? [] : await readSlugs(deps, ["failed"], limit);
  const statement = runs.listFailures(settings.registry, latest.digest, Math.max(1, limit));
  const run = createRunStatement(registry, settings.registry);
  const rows = await run<Record<string, unknown>>(pooledQueries(driver), statement).catch(
    (error: unknown) => {
      // Before the first `migrate --global` with them there are no records, and so no failures.
      if (isTenancyError(error, "REGISTRY_MISSING")) return [];
      throw error;
    },
  );
  const inRuns = rows.map((row) => runs.readFailure(row));
  const isNew = ({ slug }: FleetFailure): boolean => !inRuns.some((row) => row.slug === slug);
  const news = unreadable.filter(isNew);
  const tenants = [
    ...slugs.map((slug) => ({ code: null, run: null, slug })),
    ...news,
    ...inRuns.map(({ code, run: id, slug }) => ({ code, run: id, slug })),
  ];
  return {
    count: byState + news.length + (inRuns[0]?.total ?? 0),
    tenants: tenants.slice(0, limit),
  };
}
