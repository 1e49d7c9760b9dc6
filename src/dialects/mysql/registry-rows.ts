import { bytesOf, KEYS, type RegistryNames } from "./registry-names.ts";

/** Whether a row is a tenant. */
export const IS_TENANT: string = `t.${KEYS.isTenant} = 1`;

/** Columns that are read as text, whatever their types in a table of the application's own. */
const TEXTS = [
  "id",
  "slug",
  "name",
  "schema_name",
  "server",
  "state",
  "version",
  "migrations_digest",
] as const;

/** Returns the beginning of a statement that returns rows for `read`, of the tenants `t`. */
export function selectRows(
  { columns: c, domains, extra, tenants }: RegistryNames,
  more = "",
): string {
  const columns = [
    ...TEXTS.map((column) => `cast(t.${c[column]} as char) as ${column}`),
    ...(["created_at", "updated_at"] as const).map(
      (column) => `unix_timestamp(t.${c[column]}) as ${column}`,
    ),
    ...extra.map((column, index) => `t.${column} as extra_${index}`),
    // In no order, on either engine: it is sorted where it is read.
    `(select json_arrayagg(json_array(d.domain, d.is_primary, d.id)) from ${domains} d
    where d.tenant_id = t.${c.id}) as domains`,
  ];
  return `select ${columns.join(", ")}${more} from ${tenants} t`;
}

/**
 * Whether a tenant has an id, of which there are two parameters. The first comparison uses the
 * index, and takes `7.0` for 7 in a column of numbers; the second does not.
 */
export function hasId({ columns: c }: RegistryNames): string {
  return `${IS_TENANT} and t.${c.id} = ? and ${bytesOf(`t.${c.id}`)} = ${bytesOf("?")}`;
}
