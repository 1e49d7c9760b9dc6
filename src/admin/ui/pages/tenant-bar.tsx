import type { ComponentChildren } from "preact";
import type { Overview, TenantSort } from "../../contract.ts";
import { Icon } from "../components/icon.tsx";
import { SEARCH_ATTRIBUTE } from "../shortcuts.tsx";
import { type TenantFilters, tenantStates } from "./tenant-list-query.ts";

interface TenantBarProps {
  readonly filters: TenantFilters;
  readonly search: string;
  /** What there is to choose from; comes later. */
  readonly overview: Overview | undefined;
  readonly onFilters: (filters: TenantFilters) => void;
  readonly onSearch: (search: string) => void;
}

const SORTS: readonly [by: TenantSort, words: string][] = [
  ["slug", "Slug"],
  ["name", "Name"],
  ["createdAt", "Created"],
  ["updatedAt", "Changed"],
];

/** Search and filters of the tenants list. */
export function TenantBar(props: TenantBarProps): ComponentChildren {
  const { filters, onFilters, overview } = props;
  const versions = overview?.versions.map(({ version }) => version ?? "none") ?? [];
  const servers = overview?.servers ?? [];
  return (
    <search class="filters">
      <SearchBox search={props.search} onSearch={props.onSearch} />
      <Choice
        label="State"
        any="Any state"
        value={filters.state}
        values={tenantStates()}
        onChange={(state) => onFilters({ ...filters, state })}
      />
      <Choice
        label="Version"
        any="Any version"
        value={filters.version}
        values={versions}
        onChange={(version) => onFilters({ ...filters, version })}
      />
      {(servers.length > 1 || filters.server !== "") && (
        <Choice
          label="Server"
          any="Any server"
          value={filters.server}
          values={servers}
          onChange={(server) => onFilters({ ...filters, server })}
        />
      )}
      <SortChoice filters={filters} onFilters={onFilters} />
    </search>
  );
}

function SearchBox(props: {
  readonly search: string;
  readonly onSearch: (search: string) => void;
}): ComponentChildren {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        {...{ [SEARCH_ATTRIBUTE]: "" }}
        type="search"
        class="input"
        aria-label="Search tenants"
        aria-keyshortcuts="/"
        placeholder="Slug or name"
        autocomplete="off"
        spellcheck={false}
        value={props.search}
        onInput={(event) => props.onSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") props.onSearch("");
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          document.querySelector<HTMLElement>(".table tbody a")?.focus();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function Choice(props: {
  readonly label: string;
  readonly any: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}): ComponentChildren {
  // What the address asks for is shown, even if nothing has it.
  const values = new Set([...props.values, props.value].filter((value) => value !== ""));
  return (
    <select
      class={props.value === "" ? "select" : "select select-on"}
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    >
      <option value="">{props.any}</option>
      {[...values].map((value) => (
        <option key={value} value={value}>
          {value}
        </option>
      ))}
    </select>
  );
}

/** Where the table has no headings to click: on a phone. */
function SortChoice(props: {
  readonly filters: TenantFilters;
  readonly onFilters: (filters: TenantFilters) => void;
}): ComponentChildren {
  const { filters, onFilters } = props;
  const { by, descending } = filters.sorting;
  return (
    <select
      class="select sort-choice"
      aria-label="Sorted by"
      value={`${by} ${descending ? "desc" : "asc"}`}
      onChange={(event) => {
        const [next = "slug", direction] = event.currentTarget.value.split(" ");
        const sorting = { by: next as TenantSort, descending: direction === "desc" };
        onFilters({ ...filters, sorting });
      }}
    >
      {SORTS.flatMap(([sort, words]) => [
        <option key={`${sort} asc`} value={`${sort} asc`}>
          {words} ↑
        </option>,
        <option key={`${sort} desc`} value={`${sort} desc`}>
          {words} ↓
        </option>,
      ])}
    </select>
  );
}
