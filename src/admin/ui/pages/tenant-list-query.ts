import type { TenantSort } from "../../contract.ts";
import { withQuery } from "../api.ts";
import type { Sorting } from "../components/table.tsx";
import { hrefOf } from "../router.ts";

/** What of the list is in the page's address: filters and order, never what is searched for. */
export interface TenantFilters {
  readonly state: string;
  readonly version: string;
  readonly server: string;
  readonly sorting: Sorting & { readonly by: TenantSort };
}

const SORTS: readonly TenantSort[] = ["slug", "name", "createdAt", "updatedAt"];

// In the order in which a person thinks of them.
const STATES: readonly string[] = [
  "active",
  "suspended",
  "maintenance",
  "failed",
  "provisioning",
  "archived",
  "renaming",
  "dropping",
];

/** All states there are; with counts, those of them that some tenant is in. */
export function tenantStates(counts?: Readonly<Record<string, number>>): readonly string[] {
  if (counts === undefined) return STATES;
  const known = STATES.filter((state) => (counts[state] ?? 0) > 0);
  const others = Object.keys(counts).filter((state) => !STATES.includes(state));
  return [...known, ...others];
}

/** Address of a tenant's page. */
export function tenantHref(slug: string): string {
  return hrefOf(`/tenants/${encodeURIComponent(slug)}`);
}

/** Reads the filters from the page's address; what makes no sense is as if it were not there. */
export function parseFilters(query: URLSearchParams): TenantFilters {
  const by = query.get("sort") as TenantSort | null;
  return {
    state: query.get("state") ?? "",
    version: query.get("version") ?? "",
    server: query.get("server") ?? "",
    sorting: {
      by: by !== null && SORTS.includes(by) ? by : "slug",
      descending: query.get("direction") === "desc",
    },
  };
}

/** The page's path with these filters, without those that are as they are by themselves. */
export function filtersToPath(filters: TenantFilters): string {
  const { sorting, state, version, server } = filters;
  return withQuery("/tenants", {
    state,
    version,
    server,
    sort: sorting.by === "slug" ? "" : sorting.by,
    direction: sorting.descending ? "desc" : "",
  });
}

/** The API's path for one page of the list. */
export function listPath(
  filters: TenantFilters,
  page: { readonly search: string; readonly cursor: string | null; readonly limit: number },
): string {
  const { sorting, state, version, server } = filters;
  return withQuery("tenants", {
    search: page.search.trim(),
    state,
    version,
    server,
    sort: sorting.by,
    direction: sorting.descending ? "desc" : "asc",
    limit: page.limit,
    cursor: page.cursor,
  });
}
