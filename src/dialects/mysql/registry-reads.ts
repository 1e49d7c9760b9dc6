import type { Statement } from "../../core/dialect.ts";
import { slugKey } from "../../core/names.ts";
import type { TenantSort } from "../../core/registry.ts";
import type {
  ListPosition,
  RegistryFilter,
  RegistryStatements,
  TotalFilter,
} from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import {
  bytesOf,
  INDEXES,
  KEYS,
  placeholders,
  type RegistryNames,
  registryNames,
} from "./registry-names.ts";

/** Whether a row is a tenant. */
export const IS_TENANT: string = `t.${KEYS.isTenant} = 1`;

/** Columns that are read as text, whatever their types in a table of the application's own. */
const TEXTS = [
  "id",
  "slug",
  "name",
  "schema_name",
  "server",
  "state",
  "version",
  "migrations_digest",
] as const;

/** Returns the beginning of a statement that returns rows for `read`, of the tenants `t`. */
export function selectRows(
  { columns: c, domains, extra, tenants }: RegistryNames,
  more = "",
): string {
  const columns = [
    ...TEXTS.map((column) => `cast(t.${c[column]} as char) as ${column}`),
    ...(["created_at", "updated_at"] as const).map(
      (column) => `unix_timestamp(t.${c[column]}) as ${column}`,
    ),
    ...extra.map((column, index) => `t.${column} as extra_${index}`),
    // In no order, on either engine: it is sorted where it is read.
    `(select json_arrayagg(json_array(d.domain, d.is_primary, d.id)) from ${domains} d
    where d.tenant_id = t.${c.id}) as domains`,
  ];
  return `select ${columns.join(", ")}${more} from ${tenants} t`;
}

/**
 * Whether a tenant has an id, of which there are two parameters. The first comparison uses the
 * index, and takes `7.0` for 7 in a column of numbers; the second does not.
 */
export function hasId({ columns: c }: RegistryNames): string {
  return `${IS_TENANT} and t.${c.id} = ? and ${bytesOf(`t.${c.id}`)} = ${bytesOf("?")}`;
}

/** The reading half of the registry's statements. */
export function registryReads(
  tables: RegistryTables,
): Pick<RegistryStatements, "count" | "find" | "get" | "list" | "total"> {
  const names = registryNames(tables);
  return {
    count: (states) => count(names, states),
    find: (keys) => find(names, keys),
    get: (ref, lock) => {
      const isSlug = typeof ref === "string";
      const where = isSlug ? `${IS_TENANT} and t.${KEYS.slug} = ?` : hasId(names);
      return {
        params: isSlug ? [slugKey(ref)] : [ref.id, ref.id],
        text: `${selectRows(names)} where ${where}${lock ? " for update" : ""}`,
      };
    },
    list: (filter) => list(names, filter),
    total: (filter) => total(names, filter),
  };
}

/** One arm for each index; joined by `or`, they would make the server read the whole table. */
function find(
  names: RegistryNames,
  { domains, ids, slugKeys }: Parameters<RegistryStatements["find"]>[0],
): Statement {
  const { columns: c, domains: domainsTable, tenants } = names;
  return {
    params: [...ids, ...ids, ...slugKeys, ...domains],
    text: `${selectRows(names)} join (
    select t.${c.id} as found from ${tenants} t where t.${c.id} in (${placeholders(ids)})
      and ${bytesOf(`t.${c.id}`)} in (${placeholders(ids, bytesOf)})
    union select t.${c.id} from ${tenants} t
      where ${IS_TENANT} and t.${KEYS.slug} in (${placeholders(slugKeys)})
    union select d.tenant_id from ${domainsTable} d where d.domain in (${placeholders(domains)})
  ) f on f.found = t.${c.id} where ${IS_TENANT}`,
  };
}

function count(
  { columns: c, tenants }: RegistryNames,
  states: Parameters<RegistryStatements["count"]>[0],
): Statement {
  const columns = (["state", "version", "migrations_digest"] as const).map(
    (column) => `cast(t.${c[column]} as char) as ${column}`,
  );
  const isInStates =
    states === undefined
      ? ""
      : ` and ${bytesOf(`t.${c.state}`)} in (${placeholders(states, bytesOf)})`;
  return {
    params: states ?? [],
    text: `select ${columns.join(", ")}, count(*) as tenants from ${tenants} t
      where ${IS_TENANT}${isInStates} group by 1, 2, 3`,
  };
}

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

function list(names: RegistryNames, filter: RegistryFilter): Statement {
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
  // No parameter: MySQL refuses the type that client libraries give to a number there.
  const end = `order by ${order} limit ${filter.limit}`;
  // Told which index it is, as MariaDB reads all tenants from it up to the page instead of a range.
  const from = `${selectRows(names, more)} force index (${SORT_INDEXES[filter.sort]})`;
  return { params, text: `${from} where ${conditions.join(" and ")} ${end}` };
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

function total(names: RegistryNames, filter: TotalFilter): Statement {
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
