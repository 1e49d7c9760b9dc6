import type { Statement } from "../../core/dialect.ts";
import { slugKey } from "../../core/names.ts";
import type { TenantSort } from "../../core/registry.ts";
import type { RegistryFilter, RegistryStatements, TotalFilter } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import {
  isTenantSql,
  nameKeySql,
  type RegistryNames,
  registryNames,
  slugKeySql,
  timeKeySql,
} from "./registry-names.ts";

/** Returns the columns of a `TenantRow`, of the tenant with the alias `t`; without its domains. */
export function rowColumns({ columns: c, extra }: RegistryNames): string {
  return [
    `t.${c.id}::pg_catalog.text as id`,
    `t.${c.slug}::pg_catalog.text as slug`,
    `t.${c.name}::pg_catalog.text as name`,
    `t.${c.schema_name}::pg_catalog.text as schema_name`,
    `t.${c.server}::pg_catalog.text as server`,
    `t.${c.state}::pg_catalog.text as state`,
    `t.${c.version}::pg_catalog.text as version`,
    `t.${c.migrations_digest}::pg_catalog.text as migrations_digest`,
    `t.${c.created_at} as created_at`,
    `t.${c.updated_at} as updated_at`,
    ...extra.map((column, index) => `t.${column} as extra_${index}`),
  ].join(", ");
}

/** Returns the column `domains` of a `TenantRow`. */
export function domainsColumn({ columns: c, domains }: RegistryNames): string {
  return `array(select d.domain from ${domains} d where d.tenant_id = t.${c.id}
    order by d.is_primary desc, d.created_at, d.domain collate "C") as domains`;
}

/** The reading half of the registry's statements. */
export function registryReads(
  tables: RegistryTables,
): Pick<RegistryStatements, "count" | "find" | "get" | "list" | "total"> {
  const names = registryNames(tables);
  const { columns: c, domains, tenants } = names;
  const select = `select ${rowColumns(names)}, ${domainsColumn(names)} from ${tenants} t`;
  const key = slugKeySql(`t.${c.slug}`);
  const isTenant = isTenantSql(`t.${c.schema_name}`);
  const idText = `t.${c.id}::pg_catalog.text`;
  // One arm for each index; joined by `or`, the third would make it read the whole table.
  const findText = `${select} where ${isTenant} and t.${c.id} in (
    select t.${c.id} from ${tenants} t where ${isTenant} and ${idText} = any($1::pg_catalog.text[])
    union all
    select t.${c.id} from ${tenants} t where ${isTenant} and ${key} = any($2::pg_catalog.text[])
    union all
    select d.tenant_id from ${domains} d where d.domain = any($3::pg_catalog.text[]))`;
  const columns = `t.${c.state}::pg_catalog.text as state, t.${c.version}::pg_catalog.text as version,
    t.${c.migrations_digest}::pg_catalog.text as migrations_digest`;
  const isInStates = `($1::pg_catalog.text[] is null or t.${c.state}::pg_catalog.text = any($1::pg_catalog.text[]))`;
  return {
    count: (states) => ({
      params: [states ?? null],
      text: `select ${columns}, pg_catalog.count(*)::integer as tenants from ${tenants} t
        where ${isTenant} and ${isInStates} group by 1, 2, 3`,
    }),
    find: ({ domains, ids, slugKeys }) => ({ params: [ids, slugKeys, domains], text: findText }),
    get: (ref, lock) => ({
      params: [typeof ref === "string" ? slugKey(ref) : ref.id],
      text: `${select} where ${isTenant} and ${typeof ref === "string" ? key : idText} = $1${lock ? " for update of t" : ""}`,
    }),
    list: (filter) => list(names, filter),
    total: (filter) => total(names, filter),
  };
}

/** What tenants are sorted by, apart from their slugs; as text, which the same expression takes again. */
function sortKeySql(columns: RegistryTables["columns"], sort: TenantSort): string | undefined {
  switch (sort) {
    case "slug":
      return undefined;
    case "name":
      return nameKeySql(`t.${columns.name}`);
    case "createdAt":
      return timeKeySql(`t.${columns.created_at}`);
    case "updatedAt":
      return timeKeySql(`t.${columns.updated_at}`);
  }
}

function list(names: RegistryNames, filter: RegistryFilter): Statement {
  const { columns: c, tenants } = names;
  const params: unknown[] = [];
  const param = (value: unknown): string => `$${params.push(value)}`;
  const conditions = conditionsOf(names, filter, param);
  if (filter.digests !== undefined) {
    const column = `t.${c.migrations_digest}::pg_catalog.text`;
    if ("not" in filter.digests) {
      conditions.push(`${column} is distinct from ${param(filter.digests.not)}`);
    } else {
      const orNone = filter.digests.in.includes(null) ? ` or ${column} is null` : "";
      conditions.push(`(${column} = any(${param(filter.digests.in)}::pg_catalog.text[])${orNone})`);
    }
  }
  if (filter.search !== undefined) {
    const pattern = param(`%${filter.search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
    // The escape character is named: whatever it is by default, it is the backslash here.
    const like = (column: string): string =>
      `t.${column}::pg_catalog.text ilike ${pattern} escape E'\\\\'`;
    conditions.push(`(${like(c.slug)} or ${like(c.name)})`);
  }
  const key = slugKeySql(`t.${c.slug}`);
  const sortKey = sortKeySql(c, filter.sort);
  const keys = sortKey === undefined ? [key] : [sortKey, key];
  if (filter.after !== undefined) {
    const { key: after, value } = filter.after;
    const values = sortKey === undefined ? [param(after)] : [param(value), param(after)];
    const sign = filter.isDescending ? "<" : ">";
    conditions.push(`(${keys.join(", ")}) ${sign} (${values.join(", ")})`);
  }
  const order = keys.map((one) => (filter.isDescending ? `${one} desc` : one)).join(", ");
  const more = sortKey === undefined ? "" : `, ${sortKey}::pg_catalog.text as sort_key`;
  const text = `select ${rowColumns(names)}, ${domainsColumn(names)}${more} from ${tenants} t
where ${conditions.join(" and ")} order by ${order} limit ${param(filter.limit)}`;
  return { params, text };
}

function total(names: RegistryNames, filter: TotalFilter): Statement {
  const params: unknown[] = [];
  const conditions = conditionsOf(names, filter, (value) => `$${params.push(value)}`);
  return {
    params,
    text: `select pg_catalog.count(*)::integer as tenants from ${names.tenants} t where ${conditions.join(" and ")}`,
  };
}

function conditionsOf(
  { columns: c }: RegistryNames,
  { server, states, version }: TotalFilter,
  param: (value: unknown) => string,
): string[] {
  const conditions = [isTenantSql(`t.${c.schema_name}`)];
  if (states !== undefined) {
    conditions.push(`t.${c.state}::pg_catalog.text = any(${param(states)}::pg_catalog.text[])`);
  }
  if (version === null) conditions.push(`t.${c.version} is null`);
  else if (version !== undefined) {
    conditions.push(`t.${c.version}::pg_catalog.text = ${param(version)}`);
  }
  if (server !== undefined) {
    conditions.push(`t.${c.server}::pg_catalog.text = ${param(server)}`);
  }
  return conditions;
}
