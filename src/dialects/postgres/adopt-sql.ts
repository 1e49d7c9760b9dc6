import type { AdoptSql, HeldObject } from "../../core/adopt-sql.ts";
import { quoteIdentifier } from "./identifier.ts";
import { schemaSql } from "./schema-sql.ts";

/**
 * What depends on the schema itself is all that was made in it by name: see the list of `schema-sql.ts`.
 * Members of an extension belong to that, and sequences of a column go with it. The constructors and the
 * multirange of a range type are a part of it, and do not go with it.
 */
const CONTENTS = `
select i.type as kind, i.identity,
  coalesce(c.relname, p.proname, t.typname, i.name, i.identity)::text as name,
  case when d.classid = 'pg_catalog.pg_extension'::regclass then 'is an extension; tenants find it only where its schema is one of sharedSchemas'
    when not d.classid = any (array['pg_catalog.pg_class', 'pg_catalog.pg_proc', 'pg_catalog.pg_type',
      'pg_catalog.pg_operator', 'pg_catalog.pg_opclass', 'pg_catalog.pg_opfamily', 'pg_catalog.pg_collation',
      'pg_catalog.pg_conversion', 'pg_catalog.pg_statistic_ext', 'pg_catalog.pg_ts_config',
      'pg_catalog.pg_ts_dict', 'pg_catalog.pg_ts_parser', 'pg_catalog.pg_ts_template']::regclass[])
    then 'belongs to the schema itself' end as stays,
  null::text as refusal, r.typname as "partOf"
from pg_catalog.pg_namespace n
join pg_catalog.pg_depend d
  on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
left join pg_catalog.pg_class c on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
left join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
left join pg_catalog.pg_type t on d.classid = 'pg_catalog.pg_type'::regclass and t.oid = d.objid
left join pg_catalog.pg_depend part
  on part.classid = d.classid and part.objid = d.objid and part.deptype = 'i'
  and part.refclassid = 'pg_catalog.pg_type'::regclass and (p.oid is not null or t.typtype = 'm')
left join pg_catalog.pg_type r on r.oid = part.refobjid
where n.nspname = $1
  and not exists (select from pg_catalog.pg_depend e
    where e.classid = d.classid and e.objid = d.objid and e.objsubid = 0 and (e.deptype = 'e'
      or (e.deptype = 'i' and r.oid is null)
      or (c.relkind = 'S' and e.deptype = 'a' and e.refclassid = 'pg_catalog.pg_class'::regclass)))
order by i.type, i.identity`;

/**
 * Views, defaults and the like hold what they name by its number, and move along; what is in quotes is
 * looked for by its name each time.
 */
const TEXTS = `
with schema as (
  select oid, nspname,
    pg_catalog.regexp_replace(nspname, '([^[:alnum:]_])', '\\\\\\1', 'g') as pattern
  from pg_catalog.pg_namespace where nspname = $1
), texts as (
  select 'pg_catalog.pg_proc'::regclass as classid, p.oid as objid, p.prosrc as text
  from pg_catalog.pg_proc p
  where p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
  union all
  select 'pg_catalog.pg_proc'::regclass, p.oid, setting
  from pg_catalog.pg_proc p join schema s on s.oid = p.pronamespace,
    pg_catalog.unnest(p.proconfig) setting
  where setting like 'search_path=%'
  union all
  select 'pg_catalog.pg_attrdef'::regclass, a.oid, quoted
  from pg_catalog.pg_attrdef a join pg_catalog.pg_class c on c.oid = a.adrelid
  join schema s on s.oid = c.relnamespace,
    pg_catalog.array_to_string(array(select m[1] from pg_catalog.regexp_matches(
      pg_catalog.pg_get_expr(a.adbin, a.adrelid), '(''[^'']*'')::text', 'g') m), ' ') quoted
  union all
  select 'pg_catalog.pg_constraint'::regclass, k.oid, quoted
  from pg_catalog.pg_constraint k join schema s on s.oid = k.connamespace,
    pg_catalog.array_to_string(array(select m[1] from pg_catalog.regexp_matches(
      pg_catalog.pg_get_constraintdef(k.oid), '(''[^'']*'')::text', 'g') m), ' ') quoted
  where k.contype = 'c'
  union all
  select 'pg_catalog.pg_trigger'::regclass, g.oid,
    pg_catalog.replace(pg_catalog.encode(g.tgargs, 'escape'), '\\000', ' ')
  from pg_catalog.pg_trigger g join pg_catalog.pg_class c on c.oid = g.tgrelid
  join schema s on s.oid = c.relnamespace
  where not g.tgisinternal
  union all
  select 'pg_catalog.pg_class'::regclass, c.oid, quoted
  from pg_catalog.pg_class c join schema s on s.oid = c.relnamespace,
    pg_catalog.array_to_string(array(select m[1] from pg_catalog.regexp_matches(
      pg_catalog.pg_get_viewdef(c.oid), '(''[^'']*'')::text', 'g') m), ' ') quoted
  where c.relkind in ('v', 'm')
)
select pg_catalog.pg_describe_object(t.classid, t.objid, 0) as object, t.text,
  p.oid is null or p.pronamespace = s.oid as "isInside"
from schema s cross join texts t
left join pg_catalog.pg_proc p on t.classid = 'pg_catalog.pg_proc'::regclass and p.oid = t.objid
where t.text ~* ('(^|[^[:alnum:]_$".])"?' || s.pattern || '"?([^[:alnum:]_$]|$)')
  and not exists (select from pg_catalog.pg_depend e
    where e.classid = t.classid and e.objid = t.objid and e.deptype = 'e')
order by 1`;

/** Functions, procedures and aggregates are written alike only as routines. */
const ALTERED_AS: Readonly<Record<string, string>> = {
  aggregate: "routine",
  function: "routine",
  procedure: "routine",
  "statistics object": "statistics",
};

/** Making a tenant of a schema that is there, on PostgreSQL. */
export const adoptSql: AdoptSql = {
  contents: (schemaName) => ({ params: [schemaName], text: CONTENTS }),
  hasTable: (schemaName, table) => ({
    params: [schemaName, table],
    text: `select 1 as one from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')`,
  }),
  mark: (schemaName, tenantId) => schemaSql.mark(schemaName, tenantId),
  // Identities come from `pg_identify_object`, which qualifies and quotes them; kinds are its words.
  // What names its arguments comes before their types.
  move: (objects, _from, to) =>
    objects
      .toSorted((one, other) => Number(hasArguments(other)) - Number(hasArguments(one)))
      .map(
        ({ identity, kind }) =>
          `alter ${ALTERED_AS[kind] ?? kind} ${identity} set schema ${quoteIdentifier(to)}`,
      )
      .join("; "),
  note: undefined,
  readTable: (schemaName, table) =>
    `select * from ${quoteIdentifier(schemaName)}.${quoteIdentifier(table)}`,
  texts: (schemaName) => ({ params: [schemaName], text: TEXTS }),
};

function hasArguments({ kind }: HeldObject): boolean {
  return /^(?:aggregate|function|operator|procedure)$/.test(kind);
}
