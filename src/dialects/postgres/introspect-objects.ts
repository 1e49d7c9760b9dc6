/**
 * What stands by itself in a schema, as branches of one query. `member` are the objects of the schema
 * but for those of extensions, `rel` the relations among them, and `ns` is the schema.
 */

/** The column that a sequence belongs to, and whether it is the column's identity. */
const SEQUENCES = `
select 0, 'sequence', null, r.relname, pg_catalog.concat_ws(' ',
  case r.relpersistence when 'u' then 'unlogged' end,
  pg_catalog.format_type(s.seqtypid, null), 'start', s.seqstart, 'increment', s.seqincrement,
  'minvalue', s.seqmin, 'maxvalue', s.seqmax, 'cache', s.seqcache,
  case when s.seqcycle then 'cycle' end, o.owner)
from rel r
cross join lateral (select s.* from pg_catalog.pg_sequence s where s.seqrelid = r.oid offset 0) s
left join lateral (
  select case d.deptype when 'i' then 'identity of ' else 'owned by ' end ||
    d.refobjid::pg_catalog.regclass::pg_catalog.text || '.' || pg_catalog.quote_ident(a.attname) as owner
  from pg_catalog.pg_depend d
  join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = r.oid and d.objsubid = 0
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
  offset 0) o on true
where r.relkind = 'S'`;

/** The text of `pg_get_functiondef` behind the name, which it always puts the schema before. */
const AFTER_NAME = `pg_catalog.substr(pg_catalog.pg_get_functiondef(p.oid), pg_catalog.length(
    case p.prokind when 'p' then 'CREATE OR REPLACE PROCEDURE ' else 'CREATE OR REPLACE FUNCTION ' end
    || pg_catalog.quote_ident(ns.nspname) || '.' || pg_catalog.quote_ident(p.proname)) + 1)`;

/** A `regproc` of 0 is a function that the aggregate does without. */
function called(column: string): string {
  return `nullif(${column}::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text`;
}

const AGGREGATE = `(select pg_catalog.concat_ws(' ', a.aggkind, 'sfunc', ${called("a.aggtransfn")},
    'stype', pg_catalog.format_type(a.aggtranstype, null), 'finalfunc ' || ${called("a.aggfinalfn")},
    'combinefunc ' || ${called("a.aggcombinefn")}, 'msfunc ' || ${called("a.aggmtransfn")},
    'minvfunc ' || ${called("a.aggminvtransfn")}, 'mfinalfunc ' || ${called("a.aggmfinalfn")},
    'sortop ' || nullif(a.aggsortop, 0)::pg_catalog.regoper::pg_catalog.text,
    'initcond ' || pg_catalog.quote_literal(a.agginitval),
    'minitcond ' || pg_catalog.quote_literal(a.aggminitval), 'parallel', p.proparallel)
  from pg_catalog.pg_aggregate a where a.aggfnoid = p.oid)`;

/** Without the schema, which is put before types that the engine has too, and before operators. */
function ownTypes(names: string): string {
  return `pg_catalog.replace(${names}, pg_catalog.quote_ident(ns.nspname) || '.', '')`;
}

const FUNCTIONS = `
select 0, case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, null,
  p.proname || '(' || ${ownTypes("pg_catalog.pg_get_function_identity_arguments(p.oid)")} || ')',
  case p.prokind when 'a' then ${AGGREGATE} else ${AFTER_NAME} end
from ns, member m cross join lateral (
  select p.* from pg_catalog.pg_proc p where p.oid = m.objid offset 0) p
where m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass`;

const ENUM = `(select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
  from pg_catalog.pg_enum e where e.enumtypid = t.oid)`;

const DOMAIN = `pg_catalog.concat_ws(' ', pg_catalog.format_type(t.typbasetype, t.typtypmod),
  case when t.typcollation <> b.typcollation
    then 'collate ' || t.typcollation::pg_catalog.regcollation::pg_catalog.text end,
  case when t.typnotnull then 'not null' end,
  'default ' || pg_catalog.pg_get_expr(t.typdefaultbin, 0),
  (select pg_catalog.string_agg('constraint ' || pg_catalog.quote_ident(k.conname) || ' ' ||
      pg_catalog.pg_get_constraintdef(k.oid, true), ' ' order by k.conname)
    from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype <> 'n'))`;

const COMPOSITE = `(select '(' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' ' ||
    pg_catalog.format_type(a.atttypid, a.atttypmod) || case when a.attcollation <> c.typcollation
      then ' collate ' || a.attcollation::pg_catalog.regcollation::pg_catalog.text else '' end,
    ', ' order by a.attnum) || ')'
  from pg_catalog.pg_attribute a join pg_catalog.pg_type c on c.oid = a.atttypid
  where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)`;

const RANGE = `(select pg_catalog.concat_ws(' ', 'subtype', pg_catalog.format_type(g.rngsubtype, null),
    'opclass', (select pg_catalog.quote_ident(c.opcname) from pg_catalog.pg_opclass c where c.oid = g.rngsubopc),
    'collation ' || nullif(g.rngcollation, 0)::pg_catalog.regcollation::pg_catalog.text,
    'canonical ' || ${called("g.rngcanonical")}, 'subtype_diff ' || ${called("g.rngsubdiff")})
  from pg_catalog.pg_range g where g.rngtypid = t.oid)`;

const BASE = `pg_catalog.concat_ws(' ', 'input', t.typinput::pg_catalog.text, 'output', t.typoutput::pg_catalog.text,
  'length', t.typlen, 'category', t.typcategory)`;

const TYPES = `
select 0, case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite type'
    when 'r' then 'range' else 'type' end, null, t.typname,
  coalesce(case t.typtype when 'e' then ${ENUM} when 'd' then ${DOMAIN} when 'c' then ${COMPOSITE}
    when 'r' then ${RANGE} else ${BASE} end, '')
from member m cross join lateral (
  select t.* from pg_catalog.pg_type t where t.oid = m.objid offset 0) t
left join lateral (select b.typcollation from pg_catalog.pg_type b where b.oid = t.typbasetype offset 0) b on true
where m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass`;

const STATISTICS = `
select 0, 'statistics', null, s.stxname, pg_catalog.substr(pg_catalog.pg_get_statisticsobjdef(s.oid),
  pg_catalog.length('CREATE STATISTICS ' || pg_catalog.quote_ident(ns.nspname) || '.' ||
    pg_catalog.quote_ident(s.stxname)) + 2)
from ns, member m cross join lateral (
  select s.oid, s.stxname from pg_catalog.pg_statistic_ext s where s.oid = m.objid offset 0) s
where m.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass`;

/** What is rare is compared by its name alone. */
const BY_NAME: readonly string[] = [
  "pg_collation",
  "pg_conversion",
  "pg_opclass",
  "pg_operator",
  "pg_opfamily",
  "pg_ts_config",
  "pg_ts_dict",
  "pg_ts_parser",
  "pg_ts_template",
];

const OTHERS = `
select 0, (pg_catalog.pg_identify_object(m.classid, m.objid, 0)).type, null,
  ${ownTypes("(pg_catalog.pg_identify_object(m.classid, m.objid, 0)).identity")}, ''
from ns, member m
where m.classid in (${BY_NAME.map((name) => `'pg_catalog.${name}'::pg_catalog.regclass`).join(", ")})`;

/** Branches of the query about what stands by itself. */
export const OBJECT_BRANCHES: readonly string[] = [SEQUENCES, FUNCTIONS, TYPES, STATISTICS, OTHERS];
