import type { ReadyOwner, ReadySql } from "../../core/ready-sql.ts";
import { quoteIdentifier } from "./identifier.ts";

const COLUMNS = "r.schema_name, r.digest, r.version, r.is_ready";

/** The table of ready-made databases on MySQL and MariaDB. */
export const readySql: ReadySql = {
  add: (owner, { digest, schemaName, version }) => ({
    params: [owner.registry, schemaName, digest, version],
    text: `insert into ${table(owner)} (registry, schema_name, digest, version, is_ready) values (?, ?, ?, ?, 0)`,
  }),
  change: (owner, schemaName, isReady) => ({
    params: [isReady ? 1 : 0, owner.registry, schemaName],
    text: `update ${table(owner)} r set r.is_ready = ? where r.registry = ? and r.schema_name = ?`,
  }),
  create: (schema) => `create table if not exists ${table({ schema })} (
  schema_name varchar(64) not null primary key,
  registry varchar(64) not null,
  digest varchar(64) not null,
  version varchar(255),
  is_ready boolean not null,
  made_at timestamp(6) not null default current_timestamp(6),
  index kirayedar_ready_by (registry, digest, is_ready, made_at)
) engine = InnoDB character set utf8mb4 collate utf8mb4_bin`,
  list: (owner) => ({
    params: [owner.registry],
    text: `select ${COLUMNS} from ${table(owner)} r where r.registry = ? order by r.made_at, r.schema_name`,
  }),
  isTakenWhole: false,
  listNaming: undefined,
  remove: (owner, schemaName) => ({
    params: [owner.registry, schemaName],
    text: `delete from ${table(owner)} where registry = ? and schema_name = ?`,
  }),
  take: (owner, digest) => ({
    params: [owner.registry, digest],
    text: `select ${COLUMNS} from ${table(owner)} r where r.registry = ? and r.digest = ? and r.is_ready = 1
order by r.made_at limit 1 for update skip locked`,
  }),
};

function table({ schema }: Pick<ReadyOwner, "schema">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier("kirayedar_ready")}`;
}
