import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

/** One column: its heading, and what it shows of a row. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Aligned at the right, with digits of one width. */
  readonly isNumeric?: boolean;
  /** Whether a click on its heading sorts by it. */
  readonly isSortable?: boolean;
  /** Left out where the table is narrow. */
  readonly isExtra?: boolean;
  /** Where rows are cards: beside the row's name, without its heading. For a state. */
  readonly isBeside?: boolean;
}

/** By what a table is sorted. */
export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}

/** A table with a caption; on narrow screens its rows are cards. Its first column names the row. */
export function Table<Row>(props: {
  /** What it lists. Said, not shown, since a heading says it already. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sorting?: Sorting;
  readonly onSort?: (by: string) => void;
  /** Whether it is being read anew. */
  readonly isBusy?: boolean;
}): ComponentChildren {
  return (
    <div class="table-box">
      {/* Roles are written out because rows that are laid out as cards would lose theirs. */}
      <table class="table" role="table" aria-busy={props.isBusy || undefined}>
        <caption class="unseen">{props.caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {props.columns.map((column) => (
              <Heading
                key={column.key}
                column={column}
                sorting={props.sorting}
                onSort={props.onSort}
              />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" onKeyDown={moveBetweenRows}>
          {props.rows.map((row) => (
            <tr role="row" key={props.keyOf(row)}>
              {props.columns.map((column, index) => (
                <Cell key={column.key} column={column} row={row} isFirst={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<Row>(props: {
  readonly column: Column<Row>;
  readonly row: Row;
  readonly isFirst: boolean;
}): ComponentChildren {
  const { column, row } = props;
  const content = column.cell(row);
  const classes = classesOf(column);
  return props.isFirst ? (
    <th role="rowheader" scope="row" class={classes}>
      {content}
    </th>
  ) : (
    <td role="cell" class={classes} data-label={column.title}>
      {content}
    </td>
  );
}

function Heading<Row>(props: {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: ((by: string) => void) | undefined;
}): ComponentChildren {
  const { column, sorting, onSort } = props;
  const isSorted = sorting?.by === column.key;
  const order = sorting?.descending ? "descending" : "ascending";
  if (!column.isSortable || onSort === undefined) {
    return (
      <th role="columnheader" scope="col" class={classesOf(column)}>
        {column.title}
      </th>
    );
  }
  return (
    <th
      role="columnheader"
      scope="col"
      class={classesOf(column)}
      aria-sort={isSorted ? order : "none"}
    >
      <button type="button" class="sort" onClick={() => onSort(column.key)}>
        {column.title}
        <span class={isSorted ? "sort-mark" : "sort-mark sort-off"}>
          <Icon name={isSorted && sorting?.descending ? "arrowDown" : "arrowUp"} />
        </span>
      </button>
    </th>
  );
}

function classesOf<Row>(column: Column<Row>): string | undefined {
  const classes = [
    column.isNumeric && "numeric",
    column.isExtra && "extra",
    column.isBeside && "beside",
  ].filter(Boolean);
  return classes.length === 0 ? undefined : classes.join(" ");
}

/** Arrow keys, Home and End go from row to row: to the first link or button of each. */
function moveBetweenRows(event: KeyboardEvent): void {
  const { currentTarget, key, target } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  if (!["ArrowDown", "ArrowUp", "End", "Home"].includes(key)) return;
  const stops = [...currentTarget.querySelectorAll<HTMLElement>("tr")].flatMap(
    (row) => row.querySelector<HTMLElement>("a, button") ?? [],
  );
  const row = target.closest("tr");
  const at = stops.findIndex((stop) => stop.closest("tr") === row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, End: stops.length - 1, Home: 0 }[key] ?? at;
  const next = stops[to];
  if (at === -1 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
