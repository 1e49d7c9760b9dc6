import { shortHash } from "../../internal/short-hash.ts";
import type { RegistryTables } from "../../core/settings.ts";
import { quoteIdentifier } from "./identifier.ts";

/** Everything that the registry's statements name, quoted and qualified. */
export interface RegistryNames {
  /** Table of tenants. */
  readonly tenants: string;
  /** Table of domains that are served. */
  readonly domains: string;
  /** Table of claims of domains; nothing in it is served. */
  readonly claims: string;
  /** Our columns. */
  readonly columns: RegistryTables["columns"];
  /** The application's columns. */
  readonly extra: readonly string[];
  /** Unquoted names of our indexes; an existing table may have used any less peculiar name itself. */
  readonly indexes: Readonly<
    Record<"created" | "id" | "name" | "schema" | "slug" | "updated", string>
  >;
}

/** Quotes and qualifies the names of one registry. */
export function registryNames(tables: RegistryTables): RegistryNames {
  const { columns, domainsTable, extraColumns, schema, table } = tables;
  const qualified = (name: string): string => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const mark = `kirayedar_${shortHash(table)}`;
  return {
    claims: qualified(`${mark}_claims`),
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, name]) => [column, quoteIdentifier(name)]),
    ) as RegistryTables["columns"],
    domains: qualified(domainsTable),
    extra: Object.keys(extraColumns).map(quoteIdentifier),
    indexes: {
      created: `${mark}_created`,
      id: `${mark}_id`,
      name: `${mark}_name`,
      schema: `${mark}_schema`,
      slug: `${mark}_slug`,
      updated: `${mark}_updated`,
    },
    tenants: qualified(table),
  };
}

/**
 * Returns what slugs are compared and ordered by, as `slugKey` does it: an indexed expression, with
 * one order whatever the database's own is.
 */
export function slugKeySql(slugColumn: string): string {
  return `(pg_catalog.replace(${slugColumn}::pg_catalog.text, '-', '_') collate "C")`;
}

/**
 * Returns what tenants are sorted by when it is by name, whatever its case: the beginning, as an index
 * cannot hold more; those without a name come first.
 */
export function nameKeySql(nameColumn: string): string {
  const name = `coalesce(${nameColumn}::pg_catalog.text, '')`;
  return `(pg_catalog."left"(pg_catalog.lower(${name}), 100) collate "C")`;
}

/** Returns what tenants are sorted by when it is by a time; a table of the application may lack it. */
export function timeKeySql(timeColumn: string): string {
  return `coalesce(${timeColumn}, '-infinity')`;
}

/**
 * Whether a row is a tenant, and not only a row of the application's own table. The indexes hold no
 * other rows, and are found by this very condition: `is not null` would be dropped by PostgreSQL 17
 * and later where the column cannot be null, and no partial index would match what is left.
 */
export function isTenantSql(schemaNameColumn: string): string {
  return `${schemaNameColumn} <> ''`;
}
