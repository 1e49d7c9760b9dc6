import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Overview } from "../../contract.ts";
import { ButtonLink } from "../components/button.tsx";
import { Page } from "../components/page.tsx";
import { useDebounced, useResource } from "../resource.ts";
import { hrefOf, keepState, keptState, navigate, type PageProps } from "../router.ts";
import { useMay } from "../session.ts";
import { TenantBar } from "./tenant-bar.tsx";
import { filtersToPath, parseFilters, type TenantFilters } from "./tenant-list-query.ts";
import { TenantResults } from "./tenant-results.tsx";

/** All tenants: searched, filtered, sorted, a page at a time. */
export function TenantsPage(props: PageProps): ComponentChildren {
  const filters = parseFilters(props.place.query);
  const [search, setSearch] = useKeptSearch(props.place.query);
  const settled = useDebounced(search.trim());
  // For what may be chosen; the list itself does without.
  const { data: overview } = useResource<Overview>("overview");
  const mayOperate = useMay("operate");
  const change = (next: TenantFilters): void =>
    navigate(filtersToPath(next), { replace: true, state: { search } });
  return (
    <Page
      title="Tenants"
      actions={
        mayOperate && (
          <ButtonLink kind="primary" icon="plus" href={hrefOf("/new")}>
            New tenant
          </ButtonLink>
        )
      }
    >
      <section class="panel">
        <TenantBar
          filters={filters}
          search={search}
          overview={overview}
          onFilters={change}
          onSearch={setSearch}
        />
        <TenantResults
          filters={filters}
          search={settled}
          latestVersion={overview?.latestVersion ?? null}
          hasServers={(overview?.servers.length ?? 0) > 1}
          onFilters={change}
          onClear={() => {
            setSearch("");
            navigate("/tenants", { replace: true });
          }}
        />
      </section>
    </Page>
  );
}

/** The search text: beside the entry of the history, where going back finds it, and in no address. */
function useKeptSearch(query: URLSearchParams): [string, (search: string) => void] {
  const [search, setSearch] = useState(readKept);
  useEffect(() => setSearch(readKept()), [query]);
  const change = (next: string): void => {
    keepState({ search: next });
    setSearch(next);
  };
  return [search, change];
}

function readKept(): string {
  const kept = keptState() as { readonly search?: unknown } | null;
  return typeof kept?.search === "string" ? kept.search : "";
}
