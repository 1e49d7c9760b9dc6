import type { Overview } from "../contract.ts";
import { defineRoute, type Route } from "./route.ts";
import { integer, ref } from "./schema.ts";
import { toVersions } from "./views.ts";

/** Failures that are named. */
const FAILURES = 20;

/** Routes of the overview. */
export const OVERVIEW_ROUTES: readonly Route[] = [
  defineRoute<Overview, undefined, { readonly days?: number }>({
    answer: ref("Overview"),
    handle: async ({ console, query }) => {
      const { sizes, tenancy } = console;
      sizes.refresh();
      const [insight, status] = await Promise.all([
        tenancy.insight({ days: query.days ?? 30, largest: 0 }),
        tenancy.fleetStatus({ limit: FAILURES }),
      ]);
      return {
        behind: status.behind.count,
        created: insight.created,
        failureCount: status.failed.count,
        failures: status.failed.tenants.map(({ code, run, slug }) => ({ code, run, slug })),
        largest: sizes.value,
        latestVersion: status.latestVersion,
        servers: insight.servers,
        states: insight.states,
        tenants: status.tenants,
        versions: toVersions(status),
      };
    },
    method: "GET",
    path: "overview",
    permission: "read",
    query: { days: integer(1, 366) },
    status: 200,
    summary: "What a person looks at first",
  }),
];
