import type { RegistryFault, RegistrySql, TenantRow } from "../../core/registry-sql.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { toBoolean, toDate, toNumber, toText } from "./client-value.ts";
import { errnoOf } from "./errno.ts";
import { registryDdl } from "./registry-ddl.ts";
import { INDEXES } from "./registry-names.ts";
import { registryReads } from "./registry-reads.ts";
import { registryWrites } from "./registry-writes.ts";

/** The registry's tables on MySQL and MariaDB. */
export const registrySql: RegistrySql = {
  faultOf,
  migration: registryDdl,
  read,
  statements: (tables, channel) => ({
    ...registryReads(tables),
    ...registryWrites(tables, channel),
  }),
};

function read(row: Readonly<Record<string, unknown>>): TenantRow {
  const sortKey = row["sort_key"];
  const wasThere = row["was_there"];
  return {
    ...row,
    created_at: toDate(row["created_at"]),
    domains: readDomains(row["domains"]),
    id: toText(row["id"]) ?? "",
    migrations_digest: toText(row["migrations_digest"]),
    name: toText(row["name"]),
    schema_name: toText(row["schema_name"]) ?? "",
    server: toText(row["server"]) ?? "",
    slug: toText(row["slug"]) ?? "",
    state: toText(row["state"]) ?? "",
    updated_at: toDate(row["updated_at"]),
    version: toText(row["version"]),
    ...(sortKey !== undefined && { sort_key: toText(sortKey) }),
    ...(wasThere !== undefined && { was_there: toBoolean(wasThere) }),
  };
}

/** The primary one first, then as they were added. */
function readDomains(value: unknown): readonly string[] {
  return parseDomains(value)
    .map(([domain, isPrimary, id]) => ({
      domain,
      id: toNumber(id),
      isPrimary: toBoolean(isPrimary),
    }))
    .toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.id - b.id)
    .map(({ domain }) => domain);
}

/** JSON comes parsed or as text, as a library likes; and MariaDB may have cut it off. */
function parseDomains(
  value: unknown,
): readonly (readonly [domain: string, isPrimary: unknown, id: unknown])[] {
  try {
    const parsed: unknown = Array.isArray(value) ? value : JSON.parse(toText(value) ?? "[]");
    return parsed as ReturnType<typeof parseDomains>;
  } catch (cause) {
    throw new Error("A tenant's domains were cut off: `group_concat_max_len` is too small.", {
      cause,
    });
  }
}

/** @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html */
function faultOf(error: unknown, tables: RegistryTables): RegistryFault | undefined {
  if (!(error instanceof Error)) return undefined;
  switch (errnoOf(error)) {
    case 1062: // ER_DUP_ENTRY
      return clash(error, tables);
    case 1049: // ER_BAD_DB_ERROR
    case 1054: // ER_BAD_FIELD_ERROR
    case 1146: // ER_NO_SUCH_TABLE
    case 1176: // ER_KEY_DOES_NOT_EXITS
      return "registry missing";
    case 1048: // ER_BAD_NULL_ERROR
    case 1264: // ER_WARN_DATA_OUT_OF_RANGE
    case 1265: // WARN_DATA_TRUNCATED
    case 1292: // ER_TRUNCATED_WRONG_VALUE
    case 1364: // ER_NO_DEFAULT_FOR_FIELD
    case 1366: // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
    case 1406: // ER_DATA_TOO_LONG
    case 1451: // ER_ROW_IS_REFERENCED_2
    case 1452: // ER_NO_REFERENCED_ROW_2
    case 1644: // ER_SIGNAL_EXCEPTION, from a trigger
    case 3140: // ER_INVALID_JSON_TEXT, on MySQL
    case 3819: // ER_CHECK_CONSTRAINT_VIOLATED, on MySQL
    case 4025: // ER_CONSTRAINT_FAILED, on MariaDB
      return "value refused";
    default:
      return undefined;
  }
}

/**
 * The message ends with the key's name in every language, on MySQL behind its table's. That of an
 * application's own key mostly is, or has in it, the column's.
 */
function clash(error: Error, { columns }: RegistryTables): RegistryFault {
  // The text of one client library's errors goes on with the statement.
  const { sqlMessage = error.message } = error as { readonly sqlMessage?: string };
  const named = /'([^']*)'[^']*$/.exec(sqlMessage)?.[1] ?? "";
  const key = named.slice(named.lastIndexOf(".") + 1).toLowerCase();
  if (key === INDEXES.domain) return "domain taken";
  if (key === INDEXES.slug) return "slug taken";
  if (key === INDEXES.schema) return "schema taken";
  if (key.includes(columns.schema_name.toLowerCase())) return "schema taken";
  if (key.includes(columns.slug.toLowerCase())) return "slug taken";
  return "value refused";
}
