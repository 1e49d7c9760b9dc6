import type { Statement } from "../../core/dialect.ts";
import { slugKey } from "../../core/names.ts";
import type { RegistryFilter, RegistryStatements } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { isTenantSql, type RegistryNames, registryNames, slugKeySql } from "./registry-names.ts";

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
): Pick<RegistryStatements, "count" | "find" | "get" | "list"> {
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
    list: (filter) => list(select, names, filter),
  };
}

function list(select: string, { columns: c }: RegistryNames, filter: RegistryFilter): Statement {
  const params: unknown[] = [];
  const param = (value: unknown): string => `$${params.push(value)}`;
  const key = slugKeySql(`t.${c.slug}`);
  const conditions = [isTenantSql(`t.${c.schema_name}`)];
  if (filter.states !== undefined) {
    const states = param(filter.states);
    conditions.push(`t.${c.state}::pg_catalog.text = any(${states}::pg_catalog.text[])`);
  }
  if (filter.version === null) conditions.push(`t.${c.version} is null`);
  else if (filter.version !== undefined) {
    conditions.push(`t.${c.version}::pg_catalog.text = ${param(filter.version)}`);
  }
  if (filter.server !== undefined) {
    conditions.push(`t.${c.server}::pg_catalog.text = ${param(filter.server)}`);
  }
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
  if (filter.afterKey !== undefined) conditions.push(`${key} > ${param(filter.afterKey)}`);
  const text = `${select} where ${conditions.join(" and ")} order by ${key} limit ${param(filter.limit)}`;
  return { params, text };
}
