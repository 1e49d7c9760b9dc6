import { hexOf, quoteIdentifier } from "./identifier.ts";

/** The table that marks a tenant's database: only MariaDB has comments of databases. */
export const MARK_TABLE = "kirayedar_tenant";

/** Begins the comment of that table; behind it is the id as it is … */
export const MARK = "kirayedar tenant ";

/** … or its bytes, where it has something that a comment cannot hold, or not alike in every session. */
export const HEX_MARK = "kirayedar tenant-hex ";

/** Statement that marks a database which has no mark. */
export function createMark(schemaName: string, tenantId: string): string {
  // Some servers refuse tables without a primary key.
  return `create table ${markTable(schemaName)} (one tinyint not null primary key) comment = '${markOf(tenantId)}'`;
}

/** Statement that gives a database that has a mark another one. */
export function changeMark(schemaName: string, tenantId: string): string {
  return `alter table ${markTable(schemaName)} comment = '${markOf(tenantId)}'`;
}

/** Statement that removes whatever mark a database has. */
export function dropMark(schemaName: string): string {
  return `drop table if exists ${markTable(schemaName)}`;
}

function markTable(schemaName: string): string {
  return `${quoteIdentifier(schemaName)}.${quoteIdentifier(MARK_TABLE)}`;
}

/** A comment takes no other literal than a quoted one, in which a backslash has no meaning for sure. */
function markOf(tenantId: string): string {
  return /^[\x20-\x5b\x5d-\x7e]*$/.test(tenantId)
    ? MARK + tenantId.replaceAll("'", "''")
    : HEX_MARK + hexOf(tenantId);
}
