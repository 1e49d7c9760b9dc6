import type { MoveJournalSql, MoveKey } from "../../core/move-sql.ts";
import { errnoOf } from "./errno.ts";
import { quoteIdentifier } from "./identifier.ts";

const TABLE = "kirayedar_moves";
/** Where a tenant's notes of the names that it has given up are, apart from any move. */
const IS_FREED = "position < 0";

function qualified({ schema }: Pick<MoveKey, "schema">): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(TABLE)}`;
}

/** The table in which moves under way are written down. */
export const moveJournal: MoveJournalSql = {
  // InnoDB by name: it is written in one transaction with the registry.
  create: (schema) => `create table if not exists ${qualified({ schema })} (
  registry varchar(64) not null,
  tenant_id varchar(255) not null,
  position int not null,
  entry longtext not null,
  noted_at timestamp(6) not null default current_timestamp(6),
  primary key (registry, tenant_id, position)
) engine = InnoDB character set utf8mb4 collate utf8mb4_bin`,
  isMissing: (error) => errnoOf(error) === 1146, // ER_NO_SUCH_TABLE
  list: (key) => ({
    params: [key.registry],
    text: `select tenant_id, entry from ${qualified(key)} where registry = ? and position = 0`,
  }),
  read: (key) => ({
    params: [key.registry, key.tenantId],
    text: `select position, entry from ${qualified(key)} where registry = ? and tenant_id = ? and position >= 0 order by position`,
  }),
  readFreed: (key, schemaName) => ({
    params: [key.registry, schemaName, key.tenantId],
    text: `select min(timestampdiff(microsecond, noted_at, current_timestamp(6))) / 1000 as age_ms
from ${qualified(key)} where registry = ? and ${IS_FREED} and lower(entry) = lower(?) and tenant_id <> ?`,
  }),
  remove: (key, position) => ({
    params: [key.registry, key.tenantId, position],
    text: `delete from ${qualified(key)} where registry = ? and tenant_id = ? and position >= ?`,
  }),
  removeFreed: (key, ageMs) => ({
    params: [key.registry, ageMs * 1000],
    text: `delete from ${qualified(key)} where registry = ? and ${IS_FREED}
and noted_at < current_timestamp(6) - interval ? microsecond`,
  }),
  writeFreed: (key, schemaName) => ({
    params: [key.registry, key.tenantId, schemaName, key.registry, key.tenantId],
    text: `insert into ${qualified(key)} (registry, tenant_id, position, entry)
select ?, ?, least(coalesce(min(position), 0), 0) - 1, ? from ${qualified(key)} where registry = ? and tenant_id = ?`,
  }),
  write: (key, position, entry) => ({
    params: [key.registry, key.tenantId, position, entry],
    text: `insert into ${qualified(key)} (registry, tenant_id, position, entry) values (?, ?, ?, ?)
on duplicate key update entry = values(entry)`,
  }),
};
