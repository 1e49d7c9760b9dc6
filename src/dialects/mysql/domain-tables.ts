import type { RegistryTables } from "../../core/settings.ts";
import { quoteLiteral } from "./identifier.ts";
import { prepared } from "./prepared.ts";
import { INDEXES, registryNames } from "./registry-names.ts";

const OPTIONS = "engine = InnoDB character set utf8mb4 collate utf8mb4_bin";

/** Types of an id that have no text to compare it by. */
const BYTES = "'binary', 'varbinary', 'bit', 'tinyblob', 'blob', 'mediumblob', 'longblob'";

/** Columns that the table of domains had not from the beginning. */
const LATER: Readonly<Record<string, string>> = {
  checked_at: "timestamp(6) null default null",
  claimed_at: "timestamp(6) null default null",
  failing_since: "timestamp(6) null default null",
  method: "varchar(16)",
  token: "varchar(64)",
};

/** Makes both tables of domains: those that are served, and the claims. */
export function domainsDdl(tables: RegistryTables): string {
  const { claims, columns: c, domains, reference, tenants } = registryNames(tables);
  const references = (name: string): string =>
    `constraint ${name} foreign key (tenant_id) references ${tenants} (${c.id}) on delete cascade`;
  const served = createWithId(
    tables,
    `create table if not exists ${domains} (
  id bigint not null auto_increment primary key,
  domain varchar(255) not null,
  tenant_id `,
    ` not null,
  is_primary boolean not null default false,
  verified_at timestamp(6) null default null,
  created_at timestamp(6) not null default current_timestamp(6),
  unique index ${INDEXES.domain} (domain),
  ${references(reference)}
) ${OPTIONS}`,
  );
  const claimed = createWithId(
    tables,
    `create table if not exists ${claims} (
  tenant_id `,
    ` not null,
  domain varchar(255) not null,
  token varchar(64) not null,
  is_primary boolean not null default false,
  created_at timestamp(6) not null default current_timestamp(6),
  checked_at timestamp(6) null default null,
  failing_since timestamp(6) null default null,
  primary key (tenant_id, domain),
  ${references(`${reference}_claims`)}
) ${OPTIONS}`,
  );
  return `${prepared(served)};\n${addLater(tables, domains)};\n${prepared(claimed)}`;
}

/** The reference needs the type of the id, which is the application's choice in its own table. */
function createWithId(
  { columns, schema, table }: RegistryTables,
  head: string,
  tail: string,
): string {
  // The second is no statement, and what the server says of it tells what is wrong.
  return `(select if(i.data_type in (${BYTES}),
  'An id of bytes cannot be the registry''s: it has to be text or a number',
  concat(${quoteLiteral(head)}, i.column_type, ifnull(concat(' character set ', i.character_set_name, ' collate ', i.collation_name), ''), ${quoteLiteral(tail)}))
  from information_schema.columns i where i.table_schema = ${quoteLiteral(schema)}
    and i.table_name = ${quoteLiteral(table)} and i.column_name = ${quoteLiteral(columns.id)})`;
}

/** MySQL has no `add column if not exists`. */
function addLater({ domainsTable, schema }: RegistryTables, domains: string): string {
  const clauses = Object.entries(LATER).map(
    ([name, definition]) => `if(exists (select 1 from information_schema.columns i
  where i.table_schema = ${quoteLiteral(schema)} and i.table_name = ${quoteLiteral(domainsTable)}
    and i.column_name = '${name}'), null, 'add column ${name} ${definition}')`,
  );
  // Its length is asked for, as a comparison of texts would need them to be of one collation.
  return `set @kirayedar_clauses = concat_ws(', ',\n  ${clauses.join(",\n  ")});
${prepared(`if(length(@kirayedar_clauses) = 0, 'do 0', concat(${quoteLiteral(`alter table ${domains} `)}, @kirayedar_clauses))`)}`;
}
