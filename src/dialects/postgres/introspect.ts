import type {
  IntrospectedRows,
  Introspection,
  IntrospectRequest,
  IntrospectSql,
} from "../../core/introspect-sql.ts";
import { quoteIdentifier } from "./identifier.ts";
import { OBJECT_BRANCHES } from "./introspect-objects.ts";
import { TABLE_BRANCHES } from "./introspect-tables.ts";

/**
 * The whole schema in one query. `pg_class` and the like have no index by schema, and hold those of
 * all tenants; dependencies have one, and so the objects are found by what depends on the schema.
 * Members of extensions, and what is a part of another object, such as a range type's functions, are
 * not the schema's own; the sequence of an identity column is.
 *
 * `lock_timeout` is the transaction's own: functions that write definitions open tables, and would
 * wait for whoever changes one.
 */
const QUERY = `
with ns as materialized (
  select n.oid, n.nspname, pg_catalog.set_config('lock_timeout', $3::pg_catalog.text, true)
  from pg_catalog.pg_namespace n where n.nspname = $1::pg_catalog.name
), member as materialized (
  select m.classid, m.objid from ns cross join lateral (
    select d.classid, d.objid from pg_catalog.pg_depend d
    where d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid = ns.oid
      and not exists (select from pg_catalog.pg_depend e
        where e.classid = d.classid and e.objid = d.objid and e.objsubid = 0 and (e.deptype = 'e'
          or (e.deptype = 'i' and d.classid <> 'pg_catalog.pg_class'::pg_catalog.regclass)))
    offset 0) m
), rel as materialized (
  select c.* from member m cross join lateral (
    select c.* from pg_catalog.pg_class c where c.oid = m.objid offset 0) c
  where m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and c.relname <> all ($2::pg_catalog.text[])
)
select x.kind, x.parent, x.name, x.definition from (${[...TABLE_BRANCHES, ...OBJECT_BRANCHES].join("\nunion all")}
) x order by x.place`;

/** Describing schemas on PostgreSQL. */
export const introspectSql: IntrospectSql = {
  list: (prefix) => ({
    params: [prefix],
    text: "select n.nspname::pg_catalog.text as name from pg_catalog.pg_namespace n where pg_catalog.starts_with(n.nspname::pg_catalog.text, $1)",
  }),
  read,
  spellings: (schemaName) => [
    schemaName,
    quoteIdentifier(schemaName),
    schemaName.replaceAll("'", "''"),
  ],
};

function* read({ except, lockTimeoutMs, schemaName }: IntrospectRequest): Introspection {
  const timeout = String(Math.max(1, Math.min(Math.ceil(lockTimeoutMs), 2_147_483_647)));
  const rows: IntrospectedRows = yield { params: [schemaName, except, timeout], text: QUERY };
  return rows.map((row) => {
    const { definition, kind, name, parent } = row as {
      readonly definition: string;
      readonly kind: string;
      readonly name: string;
      readonly parent: string | null;
    };
    return { definition: definition.trim(), kind, name, table: parent };
  });
}
