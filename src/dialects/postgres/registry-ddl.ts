import { auditSql } from "./audit-sql.ts";
import { readySql } from "./ready-sql.ts";
import { runSql } from "./run-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { domainsDdl } from "./domain-tables.ts";
import { quoteIdentifier } from "./identifier.ts";
import {
  isTenantSql,
  nameKeySql,
  type RegistryNames,
  registryNames,
  slugKeySql,
  timeKeySql,
} from "./registry-names.ts";

/**
 * Makes the registry's tables, or adds to an application's table what it lacks. A column that has
 * to be added to rows that are there stays empty in them: they are no tenants yet.
 */
export function registryDdl(tables: RegistryTables): string {
  const names = registryNames(tables);
  const { columns: c, domains, extra, indexes, tenants } = names;
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
${sortIndexes(names)}
${domainsDdl(tables)}
create index if not exists ${quoteIdentifier(`${indexes.id}_domains`)} on ${domains} (tenant_id);
${readySql.create(tables.schema)};
${runSql.create(tables.schema)};
${auditSql.create(tables.schema)};
`;
}

/** Indexes that lists are read from, in each order. */
function sortIndexes({ columns: c, indexes, tenants }: RegistryNames): string {
  const keys: readonly (readonly [index: string, key: string])[] = [
    [indexes.name, nameKeySql(c.name)],
    [indexes.created, `(${timeKeySql(c.created_at)})`],
    [indexes.updated, `(${timeKeySql(c.updated_at)})`],
  ];
  return keys
    .map(
      ([index, key]) => `create index if not exists ${quoteIdentifier(index)}
  on ${tenants} (${key}, ${slugKeySql(c.slug)}) where ${isTenantSql(c.schema_name)};`,
    )
    .join("\n");
}
