import type { InsightSql } from "../../core/insight-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { toNumber, toText } from "./client-value.ts";
import { errnoOf } from "./errno.ts";
import { bytesOf, INDEXES, KEYS, registryNames, schemaKeyOf } from "./registry-names.ts";
import { IS_TENANT } from "./registry-rows.ts";

const DAY = 86_400;

/** Errors that say that a table of the server cannot be read, or is not there. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  1044, // ER_DBACCESS_DENIED_ERROR
  1109, // ER_UNKNOWN_TABLE
  1142, // ER_TABLEACCESS_DENIED_ERROR
  1146, // ER_NO_SUCH_TABLE
  1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
]);

/** A look at the fleet on MySQL and MariaDB. */
export const insightSql: InsightSql = {
  created: (tables, days) => {
    const { columns: c, tenants } = registryNames(tables);
    const today = `floor(unix_timestamp() / ${DAY})`;
    return {
      params: [],
      text: `select floor(unix_timestamp(t.${c.created_at}) / ${DAY}) as day, count(*) as tenants from ${tenants} t
where ${IS_TENANT} and t.${c.created_at} >= from_unixtime((${today} - ${days - 1}) * ${DAY}) group by 1
union all select ${today}, null`,
    };
  },
  isRefused: (error) => error instanceof Error && REFUSALS.has(errnoOf(error)),
  // What is asked opens no table: neither on MariaDB, nor on MySQL, nor where only statistics may be read.
  largest: (tables, limit) => [
    largest(tables, limit, filesOf("information_schema.innodb_sys_tablespaces")),
    largest(tables, limit, filesOf("information_schema.innodb_tablespaces")),
    largest(
      tables,
      limit,
      `select database_name as db, substring_index(substring_index(table_name, '#P#', 1), '#p#', 1) as name,
    (clustered_index_size + sum_of_other_index_sizes) * @@innodb_page_size as bytes from mysql.innodb_table_stats`,
    ),
  ],
  limitWaiting: undefined,
  listTables: (schemaName) => [
    {
      params: [schemaName],
      text: `select i.table_name as name, i.table_rows as estimated_rows,
  coalesce(i.data_length + i.index_length, 0) as bytes from information_schema.tables i
where i.table_schema = ? and i.table_type in ('BASE TABLE', 'SYSTEM VERSIONED') order by i.table_name`,
    },
  ],
  servers: (tables) => {
    const { columns: c, tenants } = registryNames(tables);
    return {
      params: [],
      text: `select cast(t.${c.server} as char) as server from ${tenants} t where ${IS_TENANT} group by 1 order by 1`,
    };
  },
  toNumber,
  toText: (value) => toText(value) ?? "",
};

/** Names of files: the database's is written in a character set of its own. */
function filesOf(table: string): string {
  return `select convert(convert(cast(substring_index(i.name, '/', 1) as binary) using filename) using utf8mb4) as db,
    substring_index(substring_index(substring_index(i.name, '/', -1), '#P#', 1), '#p#', 1) as name,
    i.file_size as bytes from ${table} i where i.name like '%/%'`;
}

/**
 * Tables of the server's own, which a full-text index has, are no tables of the tenant's. The join is by the
 * index, as the server takes the sizes for few, and would go through all of them for each tenant.
 */
function largest(
  tables: RegistryTables,
  limit: number,
  files: string,
): ReturnType<InsightSql["largest"]>[number] {
  const { columns: c, tenants } = registryNames(tables);
  return {
    params: [],
    text: `select cast(t.${c.slug} as char) as slug, s.bytes, s.tables
from (
  select ${bytesOf("f.db")} as db, sum(f.bytes) as bytes,
    count(distinct case when f.name not like 'FTS|_0%' escape '|' then f.name end) as tables
  from (${files}) f group by 1) s
straight_join ${tenants} t force index (${INDEXES.schema}) on t.${KEYS.schema} = ${schemaKeyOf("s.db")}
  and (${bytesOf(`t.${c.schema_name}`)} = s.db or @@lower_case_table_names <> 0) and ${IS_TENANT}
order by s.bytes desc, t.${KEYS.slug} limit ${limit}`,
  };
}
