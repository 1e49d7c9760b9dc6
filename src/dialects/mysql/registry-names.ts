import { shortHash } from "../../internal/short-hash.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier } from "./identifier.ts";

/** Where writes announce themselves, and where the driver looks for what others wrote. */
export const NOTICES_TABLE = "kirayedar_notices";

/**
 * Columns of ours in the table of tenants, which the server fills and `select *` does not show.
 * MariaDB has no indexes of expressions.
 */
export const KEYS = {
  /** 1 in a row that is a tenant, and not only a row of the application's own table; else null. */
  isTenant: "kirayedar_is_tenant",
  /** The beginning of the name in lower case, which lists are sorted by; empty for those without one. */
  name: "kirayedar_name_key",
  /** The schema's name in lower case, of tenants alone: some servers have only one case. */
  schema: "kirayedar_schema_key",
  /** What slugs are compared and ordered by, as `slugKey` makes it; bytes, so without a collation. */
  slug: "kirayedar_slug_key",
} as const;

/** Names of our indexes, of which the unique ones tell errors apart; they are their table's own. */
export const INDEXES = {
  created: "kirayedar_created",
  domain: "kirayedar_domain",
  name: "kirayedar_name",
  schema: "kirayedar_schema",
  slug: "kirayedar_slug",
  updated: "kirayedar_updated",
} as const;

/** Everything that the registry's statements name, quoted and qualified. */
export interface RegistryNames {
  /** Table of tenants. */
  readonly tenants: string;
  /** Table of domains that are served. */
  readonly domains: string;
  /** Table of claims of domains; nothing in it is served. */
  readonly claims: string;
  /** Table of notices. */
  readonly notices: string;
  /** Our columns. */
  readonly columns: RegistryTables["columns"];
  /** The application's columns. */
  readonly extra: readonly string[];
  /** Unquoted name of the reference from domains to tenants; such names are the whole schema's. */
  readonly reference: string;
}

/** Quotes and qualifies the names of one registry. */
export function registryNames(tables: RegistryTables): RegistryNames {
  const { columns, domainsTable, extraColumns, schema, table } = tables;
  const qualified = (name: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  return {
    claims: qualified(`kirayedar_${shortHash(table)}_claims`),
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, name]) => [column, quoteIdentifier(name)]),
    ) as RegistryTables["columns"],
    domains: qualified(domainsTable),
    extra: Object.keys(extraColumns).map(quoteIdentifier),
    notices: qualified(NOTICES_TABLE),
    reference: `kirayedar_${shortHash(JSON.stringify([domainsTable, table]))}`,
    tenants: qualified(table),
  };
}

/**
 * Returns the bytes of a text, or of a number as text: they are compared without a collation, which
 * would take one text for another, be it for a space at its end.
 */
export function bytesOf(expression: string): string {
  return `cast(convert(${expression} using utf8mb4) as binary)`;
}

/** Returns a list of parameters, which is never empty: nothing equals null. */
export function placeholders(
  values: readonly unknown[],
  wrap = (one: string): string => one,
): string {
  return values.length === 0 ? "null" : values.map(() => wrap("?")).join(", ");
}

/** Returns what schemas' names are compared by where a server has only one case. */
export function schemaKeyOf(schemaName: string): string {
  return bytesOf(`lower(convert(${schemaName} using utf8mb4) collate utf8mb4_general_ci)`);
}
