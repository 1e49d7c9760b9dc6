import { readySql } from "./ready-sql.ts";
import { runSql } from "./run-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { isTenantSql, registryNames, slugKeySql } from "./registry-names.ts";

/**
 * Makes the registry's tables, or adds to an application's table what it lacks. A column that has
 * to be added to rows that are there stays empty in them: they are no tenants yet.
 */
export function registryDdl(tables: RegistryTables): string {
  const { columns: c, domains, extra, indexes, tenants } = registryNames(tables);
  const extraTypes = Object.values(tables.extraColumns);
  const added = [
    `${c.slug} text`,
    `${c.name} text`,
    `${c.schema_name} text`,
    `${c.server} text not null default 'default'`,
    `${c.state} text not null default 'provisioning'`,
    `${c.version} text`,
    `${c.migrations_digest} text`,
    `${c.created_at} timestamptz not null default now()`,
    `${c.updated_at} timestamptz not null default now()`,
    ...extra.map((column, index) => `${column} ${extraTypes[index]}`),
  ];
  const isTenant = `where ${isTenantSql(c.schema_name)}`;
  return `create table if not exists ${tenants} (
  ${c.id} uuid primary key default gen_random_uuid(),
  ${c.slug} text not null,
  ${c.schema_name} text not null
);
alter table ${tenants}
${added.map((column) => `  add column if not exists ${column}`).join(",\n")};
create unique index if not exists ${quoteIdentifier(indexes.slug)}
  on ${tenants} (${slugKeySql(c.slug)}) ${isTenant};
create unique index if not exists ${quoteIdentifier(indexes.schema)}
  on ${tenants} (${c.schema_name});
create unique index if not exists ${quoteIdentifier(indexes.id)}
  on ${tenants} ((${c.id}::pg_catalog.text)) ${isTenant};
${domainsDdl(tables, tenants, domains)}
create index if not exists ${quoteIdentifier(`${indexes.id}_domains`)} on ${domains} (tenant_id);
${readySql.create(tables.schema)};
${runSql.create(tables.schema)};
`;
}

/** The reference needs the type of the id, which is the application's choice in its own table. */
function domainsDdl(tables: RegistryTables, tenants: string, domains: string): string {
  const id = quoteIdentifier(tables.columns.id);
  const body = `
declare
  id_type text;
begin
  select pg_catalog.format_type(a.atttypid, a.atttypmod) into strict id_type
  from pg_catalog.pg_attribute a
  where a.attrelid = ${quoteLiteral(tenants)}::pg_catalog.regclass
    and a.attname = ${quoteLiteral(tables.columns.id)};
  execute ${quoteLiteral(`create table if not exists ${domains} (
    domain text primary key,
    tenant_id `)} || id_type || ${quoteLiteral(` not null references ${tenants} (${id}) on delete cascade,
    is_primary boolean not null default false,
    verified_at timestamptz,
    created_at timestamptz not null default now()
  )`)};
end
`;
  return `do ${quoteLiteral(body)};`;
}
