import type { AdoptSql } from "../../core/adopt-sql.ts";
import { hexOf, quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { createMark, MARK_TABLE } from "./mark.ts";

/** The table that says what is being adopted. */
const NOTE_TABLE = "kirayedar_adopting";

const REFUSAL =
  "cannot be moved: remove it, adopt, and make it again in a migration of the tenants; or keep it";

/** Making a tenant of a database that is there, on MySQL and MariaDB. */
export const adoptSql: AdoptSql = {
  contents: (schemaName) => ({
    params: Array.from({ length: 4 }, () => schemaName),
    text: `select kind, name, name as identity, null as stays, if(kind in ('table', 'sequence'), null, ${quoteLiteral(REFUSAL)}) as refusal
from (
  select case t.table_type when 'BASE TABLE' then 'table' when 'SYSTEM VERSIONED' then 'table'
    else lower(t.table_type) end as kind, t.table_name as name
  from information_schema.tables t
  where t.table_schema = ? and t.table_name not in ('${MARK_TABLE}', '${NOTE_TABLE}')
  union all select 'trigger', g.trigger_name from information_schema.triggers g where g.trigger_schema = ?
  union all select lower(r.routine_type), r.routine_name from information_schema.routines r where r.routine_schema = ?
  union all select 'event', e.event_name from information_schema.events e where e.event_schema = ?
) held order by kind, name`,
  }),
  hasTable: (schemaName, table) => ({
    params: [schemaName, table],
    text: "select 1 as one from information_schema.tables t where t.table_schema = ? and t.table_name = ?",
  }),
  mark: createMark,
  move: (objects, from, to) =>
    `rename table ${objects
      .map(({ name }) => `${qualified(from, name)} to ${qualified(to, name)}`)
      .join(", ")}`,
  note: {
    // Some servers refuse tables without a primary key. A comment cannot hold everything alike.
    create: (schemaName, content) =>
      `create table ${qualified(schemaName, NOTE_TABLE)} (one tinyint not null primary key) comment = '${hexOf(content)}'`,
    read: (schemaName) => ({
      params: [schemaName],
      text: `select t.table_comment as content from information_schema.tables t where t.table_schema = ? and t.table_name = '${NOTE_TABLE}'`,
    }),
    remove: (schemaName) => `drop table ${qualified(schemaName, NOTE_TABLE)}`,
    toContent: ({ content }) => Buffer.from(String(content), "hex").toString(),
  },
  readTable: (schemaName, table) => `select * from ${qualified(schemaName, table)}`,
  // What is kept by its text is not moved at all.
  texts: () => ({ params: [], text: "select null as object, null as text from dual where 1 = 0" }),
};

function qualified(schemaName: string, table: string): string {
  return `${quoteIdentifier(schemaName)}.${quoteIdentifier(table)}`;
}
