import type { FleetStatus } from "../../core/fleet-status.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type {
  MigrationList,
  MigrationsOverview,
  Operation,
  RunDetails,
  RunList,
} from "../contract.ts";
import { RequestError } from "./problem.ts";
import { defineRoute, type Route } from "./route.ts";
import { integer, NOTHING, ref } from "./schema.ts";
import { toMigrationView, toRunDetails, toRunView, toVersions } from "./views.ts";

/** Versions of which one tenant is looked into, to find out what it lacks. */
const LOOKS = 20;

/** Routes that read migrations and runs, and migrate the global schema. */
export const MIGRATION_ROUTES: readonly Route[] = [
  defineRoute<MigrationsOverview>({
    answer: ref("MigrationsOverview"),
    handle: async ({ console: { tenancy } }) => {
      const [status, runs] = await Promise.all([tenancy.fleetStatus(), tenancy.fleetRuns()]);
      const last = runs.find(({ resumedBy }) => resumedBy === null);
      const canResume = last?.state === "failed" || last?.state === "died";
      const { ahead, behind, changed, dirty, failed, global, latestVersion, tenants } = status;
      return {
        ahead,
        behind,
        changed,
        dirty,
        failed: {
          count: failed.count,
          tenants: failed.tenants.map(({ code, run, slug }) => ({ code, run, slug })),
        },
        global: global.map(toMigrationView),
        latestVersion,
        pending: await findPending(tenancy, status),
        resumable: canResume ? last.id : null,
        tenants,
        versions: toVersions(status),
      };
    },
    method: "GET",
    path: "migrations",
    permission: "read",
    status: 200,
    summary: "Which migrations the fleet has",
  }),
  defineRoute<MigrationList>({
    answer: ref("MigrationList"),
    handle: async ({ console: { tenancy } }) => ({
      migrations: (await tenancy.migrationStatus(null)).map(toMigrationView),
    }),
    method: "GET",
    path: "migrations/global",
    permission: "read",
    status: 200,
    summary: "The migrations of the global schema",
  }),
  defineRoute<Operation, Record<string, never>>({
    answer: ref("Operation"),
    body: NOTHING,
    handle: ({ console: { operations, tenancy }, person }) =>
      operations.begin({ action: "global.migrate", person, tenant: null }, async () => {
        const { versions } = await tenancy.migrateGlobal();
        return versions.length === 0 ? "Nothing was pending." : `Applied ${versions.join(", ")}.`;
      }),
    method: "POST",
    path: "migrations/global",
    permission: "operate",
    status: 202,
    summary: "Apply the pending migrations of the global schema",
  }),
  defineRoute<RunList>({
    answer: ref("RunList"),
    handle: async ({ console: { tenancy } }) => ({
      runs: (await tenancy.fleetRuns()).map(toRunView),
    }),
    method: "GET",
    path: "runs",
    permission: "read",
    status: 200,
    summary: "The last runs over the fleet",
  }),
  defineRoute<RunDetails, undefined, { readonly limit?: number }>({
    answer: ref("RunDetails"),
    handle: async ({ console: { tenancy }, params: { id = "" }, query: { limit = 100 } }) => {
      const run = await tenancy.fleetRun(id, { limit });
      if (run === undefined) throw new RequestError("NOT_FOUND", "There is no such run.");
      return toRunDetails(run);
    },
    method: "GET",
    path: "runs/{id}",
    permission: "read",
    query: { limit: integer(1, 10_000) },
    status: 200,
    summary: "One run, with the tenants that failed or were not reached",
  }),
];

/**
 * Finds out what tenants lack by a look into one of each version, and into the first that are behind: a dry
 * run knows it of every one, and reads all of them for it.
 */
async function findPending(
  tenancy: Tenancy,
  status: FleetStatus,
): Promise<MigrationsOverview["pending"]> {
  const late = status.versions.filter(({ behind }) => behind > 0).slice(0, LOOKS);
  const pages = await Promise.all(
    late.map(({ version }) =>
      tenancy.list({ limit: 1, state: ["active", "suspended", "maintenance"], version }),
    ),
  );
  const slugs = new Set([
    ...pages.flatMap(({ tenants }) => tenants.map(({ slug }) => slug)),
    ...status.behind.slugs.slice(0, 5),
  ]);
  const found = new Map<string, string>();
  for (const slug of slugs) {
    // One that was dropped meanwhile, or cannot be read, lacks nothing that others do not tell.
    const lines = await tenancy.migrationStatus(slug).catch(() => []);
    for (const { name, state, version } of lines) {
      if (state === "pending" || state === "partial") found.set(version, name);
    }
  }
  return [...found]
    .map(([version, name]) => ({ name, version }))
    .toSorted((a, b) => (a.version < b.version ? -1 : 1));
}
