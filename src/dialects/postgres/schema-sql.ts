import type { SchemaSql } from "../../core/schema-sql.ts";
import { quoteIdentifier } from "./identifier.ts";

const MARK = "kirayedar tenant ";

/**
 * The escape form means the same whatever `standard_conforming_strings` is.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
function quoteLiteral(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

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
  left join (select confrelid, count(*) as referenced from pg_catalog.pg_constraint
    where contype = 'f' and conrelid <> confrelid group by confrelid) f on f.confrelid = c.oid
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

/** Functions, procedures and aggregates are written alike only as routines. */
const DROPPED_AS: Readonly<Record<string, string>> = {
  aggregate: "routine",
  function: "routine",
  procedure: "routine",
};

/** Making, looking at and removing schemas on PostgreSQL. */
export const schemaSql: SchemaSql = {
  create: (schemaName, tenantId) =>
    `create schema ${quoteIdentifier(schemaName)}; ` +
    `comment on schema ${quoteIdentifier(schemaName)} is ${quoteLiteral(MARK + tenantId)}`,
  // `create schema if not exists` asks for the right to create one even if it is there.
  ensure: (schemaName) =>
    `do ${quoteLiteral(
      `begin if not exists (select from pg_catalog.pg_namespace where nspname = ` +
        `${quoteLiteral(schemaName)}) then create schema ${quoteIdentifier(schemaName)}; end if; end`,
    )}`,
  drop: (schemaName) => `drop schema if exists ${quoteIdentifier(schemaName)} cascade`,
  rename: (from, to) => `alter schema ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)}`,
  exists: (schemaName) => ({
    params: [schemaName, MARK],
    text: `select n.oid is not null as exists,
  case when pg_catalog.starts_with(m.mark, $2) then pg_catalog.substr(m.mark, pg_catalog.length($2) + 1) end as tenant_id
from (select) one
left join pg_catalog.pg_namespace n on n.nspname = $1
left join lateral (select pg_catalog.obj_description(n.oid, 'pg_namespace') as mark) m on true`,
  }),
  countTables: (schemaName, except) => ({
    params: [schemaName, except],
    text: `select count(*)::integer as table_count from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p', 'f') and not c.relispartition and c.relname <> $2`,
  }),
  listObjects: (schemaName, limit) => ({ params: [schemaName, limit], text: LIST_OBJECTS }),
  // Names come from `pg_identify_object`, which qualifies and quotes them; kinds are its words.
  dropObjects: (objects) =>
    objects
      .map(({ kind, name }) => `drop ${DROPPED_AS[kind] ?? kind} if exists ${name} cascade`)
      .join("; "),
  limitLockWait: (timeoutMs) =>
    `set local lock_timeout = ${Math.max(1, Math.min(Math.ceil(timeoutMs), 2_147_483_647))}`,
  isLockConflict,
  currentNames: () => ({
    params: [],
    text: "select current_user::text as role, current_database()::text as database",
  }),
};

/**
 * `lock_timeout` ran out, or a deadlock was broken.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isLockConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return code === "55P03" || code === "40P01";
}
