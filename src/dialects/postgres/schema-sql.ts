import type { SchemaSql } from "../../core/schema-sql.ts";
import { quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { searchPath } from "./search-path.ts";

/** Begins the comment of a tenant's schema; the id is behind it. */
export const MARK = "kirayedar tenant ";

/**
 * What depends on the schema itself is all that was made in it by name; indexes, row types and the
 * like depend on a table and go with it, and so does a sequence that a column owns. Parts of another
 * object, such as the constructors of a range type, and members of an extension can only be dropped
 * with it; extensions and what is rare are left to the schema's own end.
 *
 * Whatever has others behind it comes after them: a view before its tables, a partition before the
 * table that it is a part of, a table before those that it references. Dropping it first would lock
 * all of them in one transaction.
 */
const LIST_OBJECTS = `
select (pg_catalog.pg_identify_object(o.classid, o.objid, 0)).type as kind,
  (pg_catalog.pg_identify_object(o.classid, o.objid, 0)).identity as name
from (
  select d.classid, d.objid,
    case when d.classid = 'pg_catalog.pg_proc'::regclass then 4
      when d.classid = 'pg_catalog.pg_type'::regclass then 5
      when c.relkind in ('v', 'm') then 1
      when c.relkind = 'S' then 3
      else 2 end as rank,
    exists (select from pg_catalog.pg_inherits i where i.inhparent = c.oid) as has_children,
    coalesce(f.referenced, 0) as referenced
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_depend d
    on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
  left join pg_catalog.pg_class c
    on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
  -- By what depends on the table, which is indexed: all foreign keys are everybody's.
  left join lateral (select count(distinct k.oid) as referenced
    from pg_catalog.pg_depend r
    join pg_catalog.pg_constraint k on k.oid = r.objid
    where r.refclassid = 'pg_catalog.pg_class'::regclass and r.refobjid = c.oid
      and r.classid = 'pg_catalog.pg_constraint'::regclass
      and k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid) f on true
  where n.nspname = $1
    and d.classid in ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass,
      'pg_catalog.pg_type'::regclass)
    and not exists (select from pg_catalog.pg_depend e
      where e.classid = d.classid and e.objid = d.objid and e.objsubid = 0 and (e.deptype in ('e', 'i')
        or (c.relkind = 'S' and e.deptype = 'a'
          and e.refclassid = 'pg_catalog.pg_class'::regclass)))
  order by rank, has_children, referenced, d.objid desc
  limit $2
) o
order by o.rank, o.has_children, o.referenced, o.objid desc`;

/**
 * What `cascade` would take along although it is not in the schema: views, foreign keys, columns of
 * a type, defaults, children, triggers. What is behind a rule, a default or a trigger is found by the
 * table that it is for. Temporary tables go with their session anyway.
 */
const LIST_OUTSIDE = `
with direct as materialized (
  select d.classid, d.objid
  from pg_catalog.pg_namespace n
  join pg_catalog.pg_depend d
    on d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid = n.oid
  where n.nspname = $1
), types as (
  select t.oid, t.typarray
  from direct
  left join pg_catalog.pg_class c
    on direct.classid = 'pg_catalog.pg_class'::regclass and c.oid = direct.objid
  join pg_catalog.pg_type t on t.oid = case
    when direct.classid = 'pg_catalog.pg_type'::regclass then direct.objid else c.reltype end
), inside as (
  select classid, objid from direct
  union select 'pg_catalog.pg_type'::regclass, oid from types
  union select 'pg_catalog.pg_type'::regclass, typarray from types
)
select pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) as object
from inside i
cross join lateral (
  select d.* from pg_catalog.pg_depend d
  where d.refclassid = i.classid and d.refobjid = i.objid and d.deptype in ('n', 'a')
  -- Keeps this a lookup for each object: the catalog is everybody's, and large.
  offset 0) d
left join pg_catalog.pg_attrdef a on d.classid = 'pg_catalog.pg_attrdef'::regclass and a.oid = d.objid
left join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
left join pg_catalog.pg_trigger g on d.classid = 'pg_catalog.pg_trigger'::regclass and g.oid = d.objid
left join pg_catalog.pg_policy y on d.classid = 'pg_catalog.pg_policy'::regclass and y.oid = d.objid
left join pg_catalog.pg_constraint k on d.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = d.objid
left join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
left join pg_catalog.pg_type t on d.classid = 'pg_catalog.pg_type'::regclass and t.oid = d.objid
left join pg_catalog.pg_class c on c.oid = case when d.classid = 'pg_catalog.pg_class'::regclass
  then d.objid else coalesce(a.adrelid, r.ev_class, g.tgrelid, y.polrelid) end
join pg_catalog.pg_namespace n
  on n.oid = coalesce(c.relnamespace, k.connamespace, p.pronamespace, t.typnamespace)
where n.nspname <> $1 and n.nspname !~ '^pg_(temp|toast)'
order by 1
limit $2`;

/** Functions, procedures and aggregates are written alike only as routines. */
const DROPPED_AS: Readonly<Record<string, string>> = {
  aggregate: "routine",
  function: "routine",
  procedure: "routine",
};

/** Making, looking at and removing schemas on PostgreSQL. */
export const schemaSql: SchemaSql = {
  create: (schemaName, tenantId) =>
    `create schema ${quoteIdentifier(schemaName)}; ${mark(schemaName, tenantId)}`,
  mark,
  // `create schema if not exists` asks for the right to create one even if it is there.
  ensure: (schemaName) =>
    `do ${quoteLiteral(
      `begin if not exists (select from pg_catalog.pg_namespace where nspname = ` +
        `${quoteLiteral(schemaName)}) then create schema ${quoteIdentifier(schemaName)}; end if; end`,
    )}`,
  drop: (schemaName) => `drop schema if exists ${quoteIdentifier(schemaName)} cascade`,
  move: undefined,
  rename: (from, to) => `alter schema ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`,
  exists: (schemaName) => ({
    params: [schemaName, MARK],
    text: `select n.oid is not null as exists,
  case when pg_catalog.starts_with(m.mark, $2) then pg_catalog.substr(m.mark, pg_catalog.length($2) + 1) end as tenant_id,
  false as is_blank
from (select) one
left join pg_catalog.pg_namespace n on n.nspname = $1
left join lateral (select pg_catalog.obj_description(n.oid, 'pg_namespace') as mark) m on true`,
  }),
  isTaken: (error) => codeOf(error) === "42P06",
  countTables: (schemaName, except) => ({
    params: [schemaName, except],
    text: `select count(*)::integer as table_count from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'f') and not c.relispartition and c.relname <> $2`,
  }),
  listOutside: (schemaName, limit) => ({ params: [schemaName, limit], text: LIST_OUTSIDE }),
  batches: {
    // Names come from `pg_identify_object`, which qualifies and quotes them; kinds are its words.
    drop: (objects) =>
      objects
        .map(({ kind, name }) => `drop ${DROPPED_AS[kind] ?? kind} if exists ${name} cascade`)
        .join("; "),
    list: (schemaName, limit) => ({ params: [schemaName, limit], text: LIST_OBJECTS }),
  },
  enter: (schemaName, sharedSchemas) =>
    `set local search_path = ${searchPath(schemaName, sharedSchemas)}`,
  limitLockWait: (timeoutMs) =>
    `set local lock_timeout = ${Math.max(1, Math.min(Math.ceil(timeoutMs), 2_147_483_647))}`,
  endLockLimit: undefined,
  isLockConflict,
  currentNames: () => ({
    params: [],
    text: "select current_user::text as role, current_database()::text as database",
  }),
};

function mark(schemaName: string, tenantId: string): string {
  return `comment on schema ${quoteIdentifier(schemaName)} is ${quoteLiteral(MARK + tenantId)}`;
}

/**
 * `lock_timeout` ran out, or a deadlock was broken.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isLockConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === "55P03" || code === "40P01";
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}
