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
  // What is refused above may be kept, and is broken by what is moved from under it. A default names the
  // database of its sequence, and the server leaves that as it is.
  texts: (schemaName) => ({
    params: Array.from({ length: 3 }, () => schemaName),
    text: `select concat('view ', v.table_name) as object, replace(v.view_definition, '\`', '"') as text, 1 as isInside
from information_schema.views v where v.table_schema = ?
union all select concat('trigger ', g.trigger_name), concat('"', g.event_object_schema, '"."', g.event_object_table, '"'), 1
from information_schema.triggers g where g.trigger_schema = ?
union all select concat('default of the column ', c.column_name, ' of the table ', c.table_name), replace(c.column_default, '\`', '"'), 1
from information_schema.columns c where c.table_schema = ? and c.column_default like 'nextval(%'
order by object`,
  }),
};

function qualified(schemaName: string, table: string): string {
  return `${quoteIdentifier(schemaName)}.${quoteIdentifier(table)}`;
}
