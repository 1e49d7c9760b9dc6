import type { SchemaSql } from "../../core/schema-sql.ts";
import { errnoOf } from "./errno.ts";
import { hexLiteral, quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { changeMark, createMark, HEX_MARK, MARK, MARK_TABLE } from "./mark.ts";
import { moveSql } from "./move.ts";
import { prepared } from "./prepared.ts";

/** Longest time that the settings can say: a year. */
const MAX_SECONDS = 31_536_000;

/** Making, looking at and removing databases on MySQL and MariaDB. */
export const schemaSql: SchemaSql = {
  create: (schemaName, tenantId) =>
    `${createDatabase(schemaName)}; ${createMark(schemaName, tenantId)}`,
  mark: changeMark,
  // `create database if not exists` asks for the right to create one even if it is there.
  ensure: (schemaName) => createDatabase(schemaName, isThere(quoteLiteral(schemaName))),
  drop: (schemaName) => `drop database if exists ${quoteIdentifier(schemaName)}`,
  rename: undefined,
  move: moveSql,
  // Subqueries with constants: each opens this one database, where a join would open all of them.
  exists: (schemaName) => ({
    params: [schemaName, ...Array.from({ length: 5 }, () => schemaName)],
    text: `select ${isThere("?")} as \`exists\`,
  (select case
    when left(t.table_comment, ${MARK.length}) = '${MARK}' then substr(t.table_comment, ${MARK.length + 1})
    when left(t.table_comment, ${HEX_MARK.length}) = '${HEX_MARK}'
      then convert(unhex(substr(t.table_comment, ${HEX_MARK.length + 1})) using utf8mb4) end
    from information_schema.tables t
    where t.table_schema = ? and t.table_name = '${MARK_TABLE}') as tenant_id,
  ${isThere("?")}
    and not exists (select 1 from information_schema.tables t where t.table_schema = ?)
    and not exists (select 1 from information_schema.routines r where r.routine_schema = ?)
    and not exists (select 1 from information_schema.events e where e.event_schema = ?) as is_blank`,
  }),
  isTaken: (error) => errnoOf(error) === 1007, // ER_DB_CREATE_EXISTS
  countTables: (schemaName, except) => ({
    params: [schemaName, except],
    text: `select count(*) as table_count from information_schema.tables t
where t.table_schema = ? and t.table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
  and t.table_name not in (?, '${MARK_TABLE}')`,
  }),
  // `drop database` takes all its locks before it drops anything, and there is no lack of room for them.
  batches: undefined,
  listOutside,
  enter: (schemaName) => `use ${quoteIdentifier(schemaName)}`,
  limitLockWait: (timeoutMs) => {
    const seconds = Math.max(1, Math.min(Math.ceil(timeoutMs / 1000), MAX_SECONDS));
    return `set session lock_wait_timeout = ${seconds}, session innodb_lock_wait_timeout = ${seconds}`;
  },
  endLockLimit:
    "set session lock_wait_timeout = default, session innodb_lock_wait_timeout = default",
  isLockConflict,
  currentNames: () => ({
    params: [],
    // The last `@` is the one before the host, which has none.
    text: `select left(current_user(), char_length(current_user()) - 1 -
  char_length(substring_index(current_user(), '@', -1))) as role, database() as \`database\``,
  }),
};

/** Both engines look this up without a look at other databases, if it is one condition of its own. */
function isThere(name: string): string {
  return `exists (select 1 from information_schema.schemata s where s.schema_name = ${name})`;
}

/**
 * Makes a database whose text can be anything: a server's own default may be `latin1`. Where it is
 * `utf8mb4`, it has the operator's collation, which naming the character set would replace.
 */
function createDatabase(schemaName: string, unless?: string): string {
  const create = `concat(${quoteLiteral(`create database ${quoteIdentifier(schemaName)}`)}, if(@@character_set_server = 'utf8mb4', '', ' character set utf8mb4'))`;
  return prepared(unless === undefined ? create : `if(${unless}, 'do 0', ${create})`);
}

/**
 * Foreign keys of other databases. `drop database` fails at the table that they reference; by then
 * MariaDB has dropped every other table for good. Views and routines elsewhere are not dropped.
 *
 * On MariaDB the standard view opens every table of the server (0.13 ms each), so it is read only by
 * those who may not read InnoDB's own, whose names are written as files are.
 */
function listOutside(schemaName: string, limit: number): ReturnType<SchemaSql["listOutside"]> {
  // In a comment that only one of the engines reads, no parameter is counted alike by all libraries.
  const name = hexLiteral(schemaName);
  const word = (schema: string, table: string): string =>
    `concat('foreign key of ', ${schema}, '.', ${table})`;
  const folded = (text: string): string =>
    `if(@@lower_case_table_names = 0, ${text}, lower(${text}))`;
  const asFile = (text: string): string =>
    `cast(convert(${folded(text)} using filename) as binary)`;
  const fromFile = (text: string): string =>
    `convert(convert(cast(${text} as binary) using filename) using utf8mb4)`;
  const standard = `from information_schema.referential_constraints r
      where r.unique_constraint_schema = ${name} and r.constraint_schema <> ${name}`;
  const standardWord = word("r.constraint_schema", "r.table_name");
  const schemaOf = (column: string): string => `cast(substring_index(${column}, '/', 1) as binary)`;
  return {
    params: [],
    text: `select distinct o.object from (
  /*!80000 select ${standardWord} as object ${standard} */
  /*M! select j.object from json_table(if(
    exists (select 1 from information_schema.user_privileges p where p.privilege_type = 'PROCESS'
      and p.grantee = concat('''', replace(current_user(), '@', '''@'''), '''')),
    (select json_arrayagg(${word(fromFile("substring_index(f.for_name, '/', 1)"), fromFile("substring_index(f.for_name, '/', -1)"))})
      from information_schema.innodb_sys_foreign f
      where ${schemaOf("f.ref_name")} = ${asFile(name)} and ${schemaOf("f.for_name")} <> ${asFile(name)}),
    (select json_arrayagg(${standardWord}) ${standard})
  ), '$[*]' columns (object text path '$')) j */
) o order by o.object limit ${limit}`,
  };
}

/**
 * A wait that took too long, a deadlock, or, with MariaDB's `innodb_snapshot_isolation`, a row that
 * somebody else has changed since the transaction began to read.
 *
 * @see https://mariadb.com/docs/server/reference/error-codes
 */
function isLockConflict(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 1205 || errno === 1213 || errno === 1020;
}
