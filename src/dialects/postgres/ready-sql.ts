import type { ReadyOwner, ReadySql } from "../../core/ready-sql.ts";
import { quoteIdentifier } from "./identifier.ts";
import { MARK } from "./schema-sql.ts";

/** The table of ready-made schemas on PostgreSQL. */
export const readySql: ReadySql = {
  add: (owner, { digest, schemaName, version }) => ({
    params: [owner.registry, schemaName, digest, version],
    text: `insert into ${table(owner)} (registry, schema_name, digest, version, is_ready) values ($1, $2, $3, $4, false)`,
  }),
  change: (owner, schemaName, isReady) => ({
    params: [owner.registry, schemaName, isReady],
    text: `update ${table(owner)} r set is_ready = $3 where r.registry = $1 and r.schema_name = $2`,
  }),
  create: (schema) => `create table if not exists ${table({ schema })} (
  schema_name text primary key,
  registry text not null,
  digest text not null,
  version text,
  is_ready boolean not null,
  made_at timestamptz not null default now()
)`,
  list: (owner, mark) => ({
    params: [owner.registry, MARK + mark],
    text: `select r.schema_name, r.digest, r.version,
  r.is_ready and coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace') = $2 || r.schema_name, false) as is_ready
from ${table(owner)} r left join pg_catalog.pg_namespace n on n.nspname = r.schema_name
where r.registry = $1 order by r.made_at, r.schema_name`,
  }),
  // A function's body is kept as text, and so are its settings; everything else refers to objects.
  listNaming: (schemaName) => ({
    params: [schemaName],
    text: `select 'function ' || p.proname as object
from pg_catalog.pg_namespace n join pg_catalog.pg_proc p on p.pronamespace = n.oid
where n.nspname = $1 and (pg_catalog.strpos(p.prosrc, $1) > 0
  or pg_catalog.strpos(pg_catalog.array_to_string(p.proconfig, ' '), $1) > 0)
union all
select 'comment' from pg_catalog.pg_namespace n
join pg_catalog.pg_class c on c.relnamespace = n.oid
join pg_catalog.pg_description d on d.objoid = c.oid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
where n.nspname = $1 and pg_catalog.strpos(d.description, $1) > 0
union all
select 'trigger ' || g.tgname from pg_catalog.pg_namespace n
join pg_catalog.pg_class c on c.relnamespace = n.oid
join pg_catalog.pg_trigger g on g.tgrelid = c.oid
where n.nspname = $1 and position(pg_catalog.convert_to($1, 'UTF8') in g.tgargs) > 0`,
  }),
  remove: (owner, schemaName) => ({
    params: [owner.registry, schemaName],
    text: `delete from ${table(owner)} r where r.registry = $1 and r.schema_name = $2`,
  }),
  isTakenWhole: true,
  // ISOLATION: where the registry was restored, a tenant may have the schema. integration/lifecycle/ready.test.ts
  take: (owner, digest, mark) => ({
    params: [owner.registry, digest, MARK + mark],
    text: `delete from ${table(owner)} d where d.schema_name = (
  select r.schema_name from ${table(owner)} r
  join pg_catalog.pg_namespace n on n.nspname = r.schema_name
  where r.registry = $1 and r.digest = $2 and r.is_ready
    and pg_catalog.obj_description(n.oid, 'pg_namespace') = $3 || r.schema_name
  order by r.made_at limit 1 for update of r skip locked)
returning d.schema_name, d.digest, d.version, d.is_ready`,
  }),
};

function table({ schema }: Pick<ReadyOwner, "schema">): string {
  return `${quoteIdentifier(schema)}.kirayedar_ready`;
}
