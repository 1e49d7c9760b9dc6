import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { TableList } from "../../contract.ts";
import { Panel } from "../components/page.tsx";
import { Empty, ErrorBox, Skeleton } from "../components/states.tsx";
import { type Sorting, Table } from "../components/table.tsx";
import { Bytes, Dash } from "../components/values.tsx";
import { formatBytes, formatCount, formatNumber } from "../format.ts";
import type { Resource } from "../resource.ts";
import { sortTables, type TableSort, type TableView, totalsOf } from "./tenant-sizes.ts";

/** A tenant's tables, the largest first. */
export function TenantTables(props: { readonly list: Resource<TableList> }): ComponentChildren {
  const { data, error, reload } = props.list;
  return (
    <Panel title="Tables" class="panel-flush" aside={data && <Totals tables={data.tables} />}>
      {error ? (
        <ErrorBox title="The tables could not be read" error={error} onRetry={reload} />
      ) : data === undefined ? (
        <Skeleton isTall />
      ) : data.tables.length === 0 ? (
        <Empty title="There are no tables." />
      ) : (
        <SortedTables tables={data.tables} />
      )}
    </Panel>
  );
}

function Totals(props: { readonly tables: readonly TableView[] }): ComponentChildren {
  const { bytes, rows } = totalsOf(props.tables);
  return (
    <>
      {formatCount(props.tables.length, "table")}, {formatBytes(bytes)}
      {rows !== null && `, about ${formatCount(rows, "row")}`}
    </>
  );
}

function SortedTables(props: { readonly tables: readonly TableView[] }): ComponentChildren {
  const [sorting, setSorting] = useState<Sorting>({ by: "bytes", descending: true });
  const largest = Math.max(1, ...props.tables.map(({ bytes }) => bytes));
  const rows = sortTables(props.tables, {
    isDescending: sorting.descending,
    sort: sorting.by as TableSort,
  });
  return (
    <Table
      caption="Tables of the tenant"
      rows={rows}
      keyOf={({ name }) => name}
      sorting={sorting}
      onSort={(by) =>
        setSorting((last) => ({
          by,
          // Names are read from A, numbers from the largest.
          descending: last.by === by ? !last.descending : by !== "name",
        }))
      }
      columns={[
        {
          cell: ({ name }) => <code>{name}</code>,
          isSortable: true,
          key: "name",
          title: "Table",
        },
        {
          cell: ({ estimatedRows }) =>
            estimatedRows === null ? <Dash /> : formatNumber(estimatedRows),
          isNumeric: true,
          isSortable: true,
          key: "estimatedRows",
          title: "Rows, about",
        },
        {
          cell: ({ bytes }) => (
            <span class="size">
              <Share part={bytes / largest} />
              <Bytes value={bytes} />
            </span>
          ),
          isNumeric: true,
          isSortable: true,
          key: "bytes",
          title: "Size",
        },
      ]}
    />
  );
}

/** A bar beside a number, which says the same. */
function Share(props: { readonly part: number }): ComponentChildren {
  const width = `${Math.max(1, Math.min(1, props.part) * 100).toFixed(1)}%`;
  return (
    <svg class="share" aria-hidden="true">
      <rect class="share-all" width="100%" height="100%" rx="3" />
      <rect class="share-part" width={width} height="100%" rx="3" />
    </svg>
  );
}
