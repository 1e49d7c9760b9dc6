import type { RegistryFault, RegistrySql, TenantRow } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { registryDdl } from "./registry-ddl.ts";
import { registryNames } from "./registry-names.ts";
import { registryReads } from "./registry-reads.ts";
import { registryWrites } from "./registry-writes.ts";

/** The registry's tables on PostgreSQL. */
export const registrySql: RegistrySql = {
  faultOf,
  migration: registryDdl,
  read: (row) => row as unknown as TenantRow,
  statements: (tables, channel) => ({
    ...registryReads(tables),
    ...registryWrites(tables, channel),
  }),
};

/** The fields of a server's error that are looked at here. */
interface ServerErrorLike {
  readonly code?: unknown;
  readonly table?: unknown;
  readonly constraint?: unknown;
  readonly detail?: unknown;
}

/** @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
function faultOf(error: unknown, tables: RegistryTables): RegistryFault | undefined {
  if (!(error instanceof Error)) return undefined;
  const fault = error as ServerErrorLike;
  switch (fault.code) {
    case "23505": // unique_violation
      return clash(fault, tables);
    case "42P01": // undefined_table
    case "42703": // undefined_column
      return "registry missing";
    case "22001": // string_data_right_truncation
    case "22003": // numeric_value_out_of_range
    case "22007": // invalid_datetime_format
    case "22008": // datetime_field_overflow
    case "22021": // character_not_in_repertoire: text with a NUL
    case "22P02": // invalid_text_representation
    case "23502": // not_null_violation
    case "23503": // foreign_key_violation
    case "23514": // check_violation
      return "value refused";
    default:
      return undefined;
  }
}

function clash(fault: ServerErrorLike, tables: RegistryTables): RegistryFault {
  if (fault.table === tables.domainsTable) return "domain taken";
  const { indexes } = registryNames(tables);
  if (fault.constraint === indexes.slug) return "slug taken";
  if (fault.constraint === indexes.schema) return "schema taken";
  // An application's own constraint has any name; the columns in the detail are in every language.
  const columns = /\(([^()]*)\)=\(/.exec(String(fault.detail))?.[1]?.replaceAll('"', "");
  if (columns === tables.columns.slug) return "slug taken";
  if (columns === tables.columns.schema_name) return "schema taken";
  return "value refused";
}
