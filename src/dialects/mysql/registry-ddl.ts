import { auditSql } from "./audit-sql.ts";
import { readySql } from "./ready-sql.ts";
import { runSql } from "./run-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { domainsDdl } from "./domain-tables.ts";
import { quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { prepared } from "./prepared.ts";
import {
  bytesOf,
  INDEXES,
  KEYS,
  type RegistryNames,
  registryNames,
  schemaKeyOf,
} from "./registry-names.ts";

/** InnoDB by name: another default knows neither transactions nor references. */
const OPTIONS = "engine = InnoDB character set utf8mb4 collate utf8mb4_bin";

/**
 * Makes the registry's tables, or adds to an application's table what it lacks, all at once. A
 * column that has to be added to rows that are there stays empty in them: they are no tenants yet.
 */
export function registryDdl(tables: RegistryTables): string {
  const names = registryNames(tables);
  const { columns: c, notices, tenants } = names;
  return `create table if not exists ${tenants} (
  ${c.id} char(36) character set ascii not null default (uuid()) primary key,
  ${c.slug} varchar(255) not null,
  ${c.schema_name} varchar(64) not null
) ${OPTIONS};
${alterTenants(tables, names)};
${domainsDdl(tables)};
create table if not exists ${notices} (
  id bigint not null auto_increment primary key,
  channel varchar(64) not null,
  payload varchar(2048) not null,
  created_at timestamp(6) not null default current_timestamp(6),
  index kirayedar_created_at (created_at)
) ${OPTIONS};
${readySql.create(tables.schema)};
${runSql.create(tables.schema)};
${auditSql.create(tables.schema)};
`;
}

/** MySQL has no `add column if not exists`; one statement with all that is missing is all or nothing. */
function alterTenants(tables: RegistryTables, names: RegistryNames): string {
  const { columns: c, extra } = names;
  const { columns } = tables;
  const extraTypes = Object.entries(tables.extraColumns);
  const isTenant = `${c.schema_name} <> ''`;
  const generated = (name: string, type: string, value: string): [string, string] => [
    name,
    `${quoteIdentifier(name)} ${type} generated always as (${value}) stored invisible`,
  ];
  const added: readonly (readonly [name: string, definition: string])[] = [
    [columns.slug, `${c.slug} varchar(255)`],
    [columns.name, `${c.name} text`],
    [columns.schema_name, `${c.schema_name} varchar(64)`],
    [columns.server, `${c.server} varchar(255) not null default 'default'`],
    [columns.state, `${c.state} varchar(32) not null default 'provisioning'`],
    [columns.version, `${c.version} varchar(255)`],
    [columns.migrations_digest, `${c.migrations_digest} varchar(64)`],
    [columns.created_at, `${c.created_at} timestamp(6) not null default current_timestamp(6)`],
    [columns.updated_at, `${c.updated_at} timestamp(6) not null default current_timestamp(6)`],
    ...extraTypes.map(([name, type], index) => [name, `${extra[index]} ${type}`] as const),
    generated(KEYS.isTenant, "tinyint", `case when ${isTenant} then 1 end`),
    generated(
      KEYS.slug,
      "varbinary(255)",
      `left(${bytesOf(`replace(convert(${c.slug} using utf8mb4) collate utf8mb4_bin, '-', '_')`)}, 255)`,
    ),
    generated(
      KEYS.name,
      "varbinary(400)",
      bytesOf(
        `left(lower(convert(coalesce(${c.name}, '') using utf8mb4) collate utf8mb4_bin), 100)`,
      ),
    ),
    generated(
      KEYS.schema,
      "varbinary(255)",
      `case when ${isTenant} then ${schemaKeyOf(c.schema_name)} end`,
    ),
  ];
  const clauses = [
    ...added.map(([name, definition]) =>
      unless(columnExists(tables, name), `add column ${definition}`),
    ),
    unless(
      indexExists(tables, INDEXES.slug),
      `add unique index ${INDEXES.slug} (${KEYS.isTenant}, ${KEYS.slug})`,
    ),
    unless(
      indexExists(tables, INDEXES.schema),
      `add unique index ${INDEXES.schema} (${KEYS.schema})`,
    ),
    ...[
      [INDEXES.name, KEYS.name],
      [INDEXES.created, c.created_at],
      [INDEXES.updated, c.updated_at],
    ].map(([index = "", key]) =>
      unless(
        indexExists(tables, index),
        `add index ${index} (${KEYS.isTenant}, ${key}, ${KEYS.slug})`,
      ),
    ),
  ];
  // Its length is asked for, as a comparison of texts would need them to be of one collation.
  const alter = `concat(${quoteLiteral(`alter table ${names.tenants} `)}, @kirayedar_clauses)`;
  return `set @kirayedar_clauses = concat_ws(', ',\n  ${clauses.join(",\n  ")});
${prepared(`if(length(@kirayedar_clauses) = 0, 'do 0', ${alter})`)}`;
}

function unless(exists: string, clause: string): string {
  return `if(${exists}, null, ${quoteLiteral(clause)})`;
}

function columnIs({ schema, table }: RegistryTables, name: string): string {
  return `i.table_schema = ${quoteLiteral(schema)} and i.table_name = ${quoteLiteral(table)} and i.column_name = ${quoteLiteral(name)}`;
}

function columnExists(tables: RegistryTables, name: string): string {
  return `exists (select 1 from information_schema.columns i where ${columnIs(tables, name)})`;
}

function indexExists({ schema, table }: RegistryTables, name: string): string {
  return `exists (select 1 from information_schema.statistics i where i.table_schema = ${quoteLiteral(schema)} and i.table_name = ${quoteLiteral(table)} and i.index_name = ${quoteLiteral(name)})`;
}
