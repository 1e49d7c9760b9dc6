import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { registryNames } from "./registry-names.ts";

/**
 * Makes both tables of domains: those that are served, and the claims. The reference needs the type of
 * the id, which is the application's choice in its own table.
 */
export function domainsDdl(tables: RegistryTables): string {
  const { claims, domains, tenants } = registryNames(tables);
  const id = quoteIdentifier(tables.columns.id);
  const reference = ` not null references ${tenants} (${id}) on delete cascade`;
  const create = (head: string, tail: string): string =>
    `  execute ${quoteLiteral(head)} || id_type || ${quoteLiteral(reference + tail)};`;
  const body = `
declare
  id_type text;
begin
  select pg_catalog.format_type(a.atttypid, a.atttypmod) into strict id_type
  from pg_catalog.pg_attribute a
  where a.attrelid = ${quoteLiteral(tenants)}::pg_catalog.regclass
    and a.attname = ${quoteLiteral(tables.columns.id)};
${create(
  `create table if not exists ${domains} (
    domain text primary key,
    tenant_id `,
  `,
    is_primary boolean not null default false,
    verified_at timestamptz,
    created_at timestamptz not null default now()
  )`,
)}
${create(
  `create table if not exists ${claims} (
    tenant_id `,
  `,
    domain text not null,
    token text not null,
    is_primary boolean not null default false,
    created_at timestamptz not null default now(),
    checked_at timestamptz,
    failing_since timestamptz,
    primary key (tenant_id, domain)
  )`,
)}
end
`;
  return `do ${quoteLiteral(body)};
alter table ${domains}
  add column if not exists token text,
  add column if not exists method text,
  add column if not exists claimed_at timestamptz,
  add column if not exists checked_at timestamptz,
  add column if not exists failing_since timestamptz;`;
}
