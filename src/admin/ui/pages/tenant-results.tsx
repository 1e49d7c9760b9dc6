import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { TenantList, TenantSort } from "../../contract.ts";
import { Button, ButtonLink } from "../components/button.tsx";
import { Icon } from "../components/icon.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { Table } from "../components/table.tsx";
import { formatCount, formatNumber } from "../format.ts";
import { useResource, whenTenantsChange } from "../resource.ts";
import { hrefOf } from "../router.ts";
import { useMay } from "../session.ts";
import { tenantColumns } from "./tenant-columns.tsx";
import { listPath, type TenantFilters } from "./tenant-list-query.ts";

interface ResultsProps {
  readonly filters: TenantFilters;
  readonly search: string;
  readonly latestVersion: string | null;
  /** Whether there are several servers, so that they are worth a column. */
  readonly hasServers: boolean;
  readonly onFilters: (filters: TenantFilters) => void;
  readonly onClear: () => void;
}

/** Where in the list the person is. */
interface Position {
  /** Where each page after the first begins, up to the one that is shown. */
  readonly starts: readonly { readonly cursor: string; readonly before: number }[];
  /** How many pages are shown together. */
  readonly pages: number;
}

const START: Position = { starts: [], pages: 1 };
const PAGE = 50;
const MOST_PAGES = 4;

/** The tenants that were asked for, and the way to those after them. */
export function TenantResults(props: ResultsProps): ComponentChildren {
  const { filters, search } = props;
  const [position, move] = usePosition(JSON.stringify([filters, search]));
  const list = useResource<TenantList>(
    listPath(filters, {
      search,
      cursor: position.starts.at(-1)?.cursor ?? null,
      limit: PAGE * position.pages,
    }),
    { keep: true, live: whenTenantsChange() },
  );
  const total = useTotal(list.data);
  const sort = (by: string): void => {
    const descending = by === filters.sorting.by && !filters.sorting.descending;
    props.onFilters({ ...filters, sorting: { by: by as TenantSort, descending } });
  };
  if (list.data === undefined) {
    if (list.error === undefined) return <Skeleton lines={9} isTall />;
    return (
      <div class="list-said">
        <ErrorBox title="The list could not be read" error={list.error} onRetry={list.reload} />
      </div>
    );
  }
  const { tenants } = list.data;
  return (
    <>
      {list.error && (
        <div class="list-said">
          <ErrorBox title="The list is not fresh" error={list.error} onRetry={list.reload} />
        </div>
      )}
      {tenants.length > 0 && (
        <Table
          caption="Tenants"
          columns={tenantColumns(props)}
          rows={tenants}
          keyOf={(tenant) => tenant.slug}
          sorting={filters.sorting}
          onSort={sort}
          isBusy={list.isLoading}
        />
      )}
      {tenants.length === 0 && <NoTenants isFiltered={isFiltered(props)} onClear={props.onClear} />}
      <ListFoot list={{ ...list.data, total }} search={search} position={position} onMove={move} />
    </>
  );
}

/** How many there are, as the last first page told: later ones do not count again. */
function useTotal(list: TenantList | undefined): number | null {
  const kept = useRef<number | null>(null);
  if (list !== undefined && list.total !== null) kept.current = list.total;
  return kept.current;
}

function isFiltered({ filters, search }: ResultsProps): boolean {
  return [search, filters.state, filters.version, filters.server].some((text) => text !== "");
}

/** Begins at the first page again whenever something else is asked for. */
function usePosition(asked: string): [Position, (position: Position) => void] {
  const [kept, keep] = useState({ asked, position: START });
  useEffect(() => {
    keep((last) => (last.asked === asked ? last : { asked, position: START }));
  }, [asked]);
  const position = kept.asked === asked ? kept.position : START;
  return [position, (next) => keep({ asked, position: next })];
}

function NoTenants(props: {
  readonly isFiltered: boolean;
  readonly onClear: () => void;
}): ComponentChildren {
  const mayOperate = useMay("operate");
  if (props.isFiltered) {
    return (
      <Empty title="No tenant is like that.">
        <Button onClick={props.onClear}>Show all tenants</Button>
      </Empty>
    );
  }
  return (
    <Empty title="There is no tenant yet.">
      {mayOperate && (
        <ButtonLink kind="primary" icon="plus" href={hrefOf("/new")}>
          Create the first tenant
        </ButtonLink>
      )}
    </Empty>
  );
}

function ListFoot(props: {
  readonly list: TenantList;
  readonly search: string;
  readonly position: Position;
  readonly onMove: (position: Position) => void;
}): ComponentChildren {
  const { list, onMove, position } = props;
  const { nextCursor, tenants } = list;
  const { pages, starts } = position;
  const before = starts.at(-1)?.before ?? 0;
  const go = (to: Position["starts"]): void => {
    onMove({ starts: to, pages: 1 });
    scrollTo(0, 0);
  };
  return (
    <footer class="list-foot">
      <p role="status">{summaryOf(list, props.search, before)}</p>
      {(nextCursor !== null || starts.length > 0) && (
        <nav class="pager" aria-label="Pages of tenants">
          {nextCursor !== null && pages < MOST_PAGES && (
            <Button small onClick={() => onMove({ starts, pages: pages + 1 })}>
              Show more
            </Button>
          )}
          <Button
            small
            icon="chevronLeft"
            disabled={starts.length === 0}
            onClick={() => go(starts.slice(0, -1))}
          >
            Previous
          </Button>
          <Button
            small
            disabled={nextCursor === null}
            onClick={() => {
              const cursor = nextCursor ?? "";
              go([...starts, { cursor, before: before + tenants.length }]);
            }}
          >
            Next
            <Icon name="chevronRight" />
          </Button>
        </nav>
      )}
    </footer>
  );
}

function summaryOf(list: TenantList, search: string, before: number): string {
  const { nextCursor, tenants, total } = list;
  if (tenants.length === 0) return "No tenants";
  const shown = `${formatNumber(before + 1)}–${formatNumber(before + tenants.length)}`;
  const isAll = nextCursor === null && before === 0;
  if (search !== "") {
    return isAll ? `${formatCount(tenants.length, "tenant")} found` : `${shown} of those found`;
  }
  if (isAll) return formatCount(tenants.length, "tenant");
  return total === null ? shown : `${shown} of ${formatCount(total, "tenant")}`;
}
