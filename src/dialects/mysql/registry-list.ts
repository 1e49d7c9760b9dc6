import type { Statement } from "../../core/dialect.ts";
import type { TenantSort } from "../../core/registry.ts";
import type { ListPosition, RegistryFilter, TotalFilter } from "../../core/registry-sql.ts";
import { bytesOf, INDEXES, KEYS, placeholders, type RegistryNames } from "./registry-names.ts";
import { IS_TENANT, selectRows } from "./registry-rows.ts";

const SORT_INDEXES: Readonly<Record<TenantSort, string>> = {
  createdAt: INDEXES.created,
  name: INDEXES.name,
  slug: INDEXES.slug,
  updatedAt: INDEXES.updated,
};

/** What tenants are sorted by, apart from their slugs: a column, how it is read, and how it is compared. */
function sortKeySql(
  { columns: c }: RegistryNames,
  sort: TenantSort,
): { readonly column: string; readonly read: string; readonly param: string } | undefined {
  if (sort === "slug") return undefined;
  if (sort === "name") {
    const column = `t.${KEYS.name}`;
    return { column, param: bytesOf("?"), read: `convert(${column} using utf8mb4)` };
  }
  const column = `t.${sort === "createdAt" ? c.created_at : c.updated_at}`;
  // Seconds since 1970 are the same in every session; in the one hour that a clock is put back, and only
  // where the session's time zone does so, two moments are one for the comparison.
  return {
    column,
    param: "from_unixtime(cast(? as decimal(20, 6)))",
    read: `unix_timestamp(${column})`,
  };
}

/** Returns a page of tenants. */
export function list(names: RegistryNames, filter: RegistryFilter): Statement {
  const { columns: c } = names;
  const { conditions, params } = conditionsOf(names, filter);
  if (filter.digests !== undefined) {
    const column = bytesOf(`t.${c.migrations_digest}`);
    const isNot = "not" in filter.digests;
    const digests = isNot ? [filter.digests.not] : filter.digests.in;
    const each = digests.map(() => `${column} <=> ${bytesOf("?")}`).join(" or ") || "false";
    conditions.push(isNot ? `not (${each})` : `(${each})`);
    params.push(...digests);
  }
  if (filter.search !== undefined) {
    // The backslash, which escapes by default, is not one in every `sql_mode`.
    const pattern = `%${filter.search.replaceAll(/[|%_]/g, "|$&")}%`;
    const folded = (text: string): string =>
      `lower(convert(${text} using utf8mb4) collate utf8mb4_bin)`;
    const like = (column: string): string =>
      `${folded(`t.${column}`)} like ${folded("?")} escape '|'`;
    conditions.push(`(${like(c.slug)} or ${like(c.name)})`);
    params.push(pattern, pattern);
  }
  if (filter.after !== undefined) {
    const after = isAfter(names, filter, filter.after);
    conditions.push(after.text);
    params.push(...after.params);
  }
  const sortKey = sortKeySql(names, filter.sort);
  const direction = filter.isDescending ? " desc" : "";
  const key = `t.${KEYS.slug}${direction}`;
  const order = sortKey === undefined ? key : `${sortKey.column}${direction}, ${key}`;
  const more = sortKey === undefined ? "" : `, ${sortKey.read} as sort_key`;
  const where = conditions.join(" and ");
  // No parameter: MySQL refuses the type that client libraries give to a number there.
  const end = `order by ${order} limit ${filter.limit}`;
  const rows = selectRows(names, more);
  if (mayBeRare(filter)) {
    const found = `select t.${KEYS.slug} as found from ${names.tenants} t use index () where ${where} ${end}`;
    return {
      params,
      text: `${rows} join (${found}) f on t.${KEYS.slug} = f.found where ${IS_TENANT} order by ${order}`,
    };
  }
  // Told which index it is, as MariaDB reads all tenants from it up to the page instead of a range.
  return {
    params,
    text: `${rows} force index (${SORT_INDEXES[filter.sort]}) where ${where} ${end}`,
  };
}

/**
 * Whether all tenants may have to be read to find a page. They are then read as they lie, which takes a
 * quarter of the time that it takes to look each of them up from an index in the list's order. What a
 * fleet run reads page by page is read from the index, once in all.
 */
function mayBeRare({ digests, search, server, states, version }: RegistryFilter): boolean {
  const isFiltered =
    search !== undefined ||
    server !== undefined ||
    version !== undefined ||
    states?.includes("active") === false;
  return isFiltered && digests === undefined;
}

/**
 * Whether a tenant comes behind a position: told by ranges of the index, which the engines do not make of
 * a comparison of rows. What is null comes first.
 */
function isAfter(
  names: RegistryNames,
  { isDescending, sort }: Pick<RegistryFilter, "isDescending" | "sort">,
  { key, value }: ListPosition,
): Statement {
  const sign = isDescending ? "<" : ">";
  const sortKey = sortKeySql(names, sort);
  if (sortKey === undefined) return { params: [key], text: `t.${KEYS.slug} ${sign} ?` };
  const { column, param } = sortKey;
  if (value === null) {
    const others = isDescending ? "" : ` or ${column} is not null`;
    return { params: [key], text: `(${column} is null and t.${KEYS.slug} ${sign} ?${others})` };
  }
  const nulls = isDescending ? ` or ${column} is null` : "";
  return {
    params: [value, key, value],
    text: `(${column} = ${param} and t.${KEYS.slug} ${sign} ? or ${column} ${sign} ${param}${nulls})`,
  };
}

/** Counts the tenants that a list has. */
export function total(names: RegistryNames, filter: TotalFilter): Statement {
  const { conditions, params } = conditionsOf(names, filter);
  return {
    params,
    text: `select count(*) as tenants from ${names.tenants} t where ${conditions.join(" and ")}`,
  };
}

function conditionsOf(
  { columns: c }: RegistryNames,
  { server, states, version }: TotalFilter,
): { readonly conditions: string[]; readonly params: unknown[] } {
  const params: unknown[] = [];
  const conditions = [IS_TENANT];
  const isOneOf = (column: string, values: readonly string[]): void => {
    params.push(...values);
    conditions.push(`${bytesOf(`t.${column}`)} in (${placeholders(values, bytesOf)})`);
  };
  if (states !== undefined) isOneOf(c.state, states);
  if (version === null) conditions.push(`t.${c.version} is null`);
  else if (version !== undefined) isOneOf(c.version, [version]);
  if (server !== undefined) isOneOf(c.server, [server]);
  return { conditions, params };
}
