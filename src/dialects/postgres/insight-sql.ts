import type { Statement } from "../../core/dialect.ts";
import type { InsightSql } from "../../core/insight-sql.ts";
import { isTenantSql, registryNames, slugKeySql } from "./registry-names.ts";

const DAY = 86_400;

/** Days since 1970 of a moment. */
function dayOf(moment: string): string {
  return `pg_catalog.floor(pg_catalog.date_part('epoch', ${moment}) / ${DAY})::integer`;
}

/** A look at the fleet on PostgreSQL. */
export const insightSql: InsightSql = {
  created: (tables, days) => {
    const { columns: c, tenants } = registryNames(tables);
    const today = dayOf("pg_catalog.now()");
    return {
      params: [days],
      text: `select ${dayOf(`t.${c.created_at}`)} as day, pg_catalog.count(*)::integer as tenants from ${tenants} t
where ${isTenantSql(`t.${c.schema_name}`)}
  and t.${c.created_at} >= pg_catalog.to_timestamp((${today} - $1::integer + 1) * ${DAY}.0) group by 1
union all select ${today}, null`,
    };
  },
  isRefused: (error) => (error as { code?: unknown } | null)?.code === "55P03",
  largest: (tables, limit) => {
    const { columns: c, tenants } = registryNames(tables);
    return [
      {
        params: [limit],
        text: `select t.${c.slug}::pg_catalog.text as slug, s.bytes, s.tables
from (
  select r.relnamespace,
    pg_catalog.sum(r.relpages::pg_catalog.int8 + coalesce(o.relpages, 0))::pg_catalog.float8
      * pg_catalog.current_setting('block_size')::integer as bytes,
    (pg_catalog.count(*) filter (where r.relkind in ('r', 'p') and not r.relispartition))::integer as tables
  from pg_catalog.pg_class r
  left join pg_catalog.pg_class o on r.reltoastrelid <> 0 and o.oid = r.reltoastrelid
  where r.relkind in ('r', 'p', 'm', 'i') group by r.relnamespace) s
join pg_catalog.pg_namespace n on n.oid = s.relnamespace
join ${tenants} t on t.${c.schema_name}::pg_catalog.text = n.nspname and ${isTenantSql(`t.${c.schema_name}`)}
order by s.bytes desc, ${slugKeySql(`t.${c.slug}`)} limit $1`,
      },
    ];
  },
  // Sizes are read from the files, under a lock that a migration may hold for long.
  limitWaiting: "set local lock_timeout = '500ms'",
  listTables: (schemaName) => [
    listTables(schemaName, "pg_catalog.pg_total_relation_size(r.oid)"),
    listTables(
      schemaName,
      `(r.relpages + coalesce((select o.relpages from pg_catalog.pg_class o where o.oid = r.reltoastrelid), 0)
    + coalesce((select pg_catalog.sum(x.relpages) from pg_catalog.pg_index i
      join pg_catalog.pg_class x on x.oid = i.indexrelid where i.indrelid = r.oid), 0))
    * pg_catalog.current_setting('block_size')::integer`,
    ),
  ],
  servers: (tables) => {
    const { columns: c, tenants } = registryNames(tables);
    return {
      params: [],
      text: `select t.${c.server}::pg_catalog.text as server from ${tenants} t
where ${isTenantSql(`t.${c.schema_name}`)} group by 1 order by 1`,
    };
  },
  toNumber: Number,
  toText: String,
};

/** Until a table was analysed nobody knows its rows; before version 14 such a table had none. */
function listTables(schemaName: string, bytes: string): Statement {
  return {
    params: [schemaName],
    text: `select r.relname::pg_catalog.text as name,
  case when r.reltuples < 0 or (r.reltuples = 0 and r.relpages = 0
    and pg_catalog.current_setting('server_version_num')::integer < 140000) then null
    else r.reltuples::pg_catalog.float8 end as estimated_rows,
  coalesce((${bytes})::pg_catalog.float8, 0) as bytes
from pg_catalog.pg_class r join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where n.nspname = $1 and r.relkind in ('r', 'p', 'm') order by r.relname`,
  };
}
