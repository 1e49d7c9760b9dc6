import { TenancyError } from "../errors/tenancy-error.ts";
import type { Dialect } from "./dialect.ts";

/** A slug that has passed {@link parseSlug}. */
export type Slug = string & { readonly __slug: true };

/** A physical name that has passed {@link parseSchemaName}: the only kind that reaches SQL. */
export type SchemaName = string & { readonly __schemaName: true };

/** What decides which names are allowed. */
export interface NameRules {
  /** Put before the slug to make the schema name. */
  readonly tenantPrefix: string;
  /** Schema of the global scope, which no tenant may have. */
  readonly globalSchema: string;
  /** Schemas shared by all tenants, which no tenant may have. */
  readonly sharedSchemas: readonly string[];
  /** Slugs refused beside the built-in ones. */
  readonly reservedSlugs: readonly (string | RegExp)[];
  /** The engine's own rules. */
  readonly dialect: Pick<
    Dialect,
    "name" | "maxIdentifierBytes" | "isPossibleSchemaName" | "isReservedSchemaName"
  >;
}

/** Host labels and words that would mislead people, or shadow a route, as a tenant's slug. */
export const RESERVED_SLUGS: readonly string[] = [
  "admin",
  "api",
  "app",
  "assets",
  "cdn",
  "ftp",
  "global",
  "information_schema",
  "localhost",
  "mail",
  "mysql",
  "ns1",
  "ns2",
  "performance_schema",
  "pg_catalog",
  "postgres",
  "public",
  "root",
  "smtp",
  "static",
  "status",
  "support",
  "sys",
  "template0",
  "template1",
  "www",
];

/** In the name of a schema that was made for a comparison, and is removed when nobody uses it. */
export const REFERENCE_MARK = "kirayedar_ref_";

/** Characters behind it that say whose registry it was made for; eight more are different each time. */
export const REFERENCE_KEY_LENGTH = 8;

// ISOLATION: a tenant's new database of such a name would be taken for a leftover. unit/core/names.test.ts
const REFERENCE_NAME: RegExp = new RegExp(
  `${REFERENCE_MARK}[0-9a-z]{${REFERENCE_KEY_LENGTH}}[0-9a-f]{8}$`,
  "i",
);

const SLUG = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/;

/** Shown in messages: bad names come from outside, may be long, and may hold anything. */
function shown(value: unknown): string {
  if (typeof value !== "string") return `of type ${value === null ? "null" : typeof value}`;
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

/**
 * Checks a slug and returns it unchanged; nothing is ever folded, trimmed or normalised into one.
 *
 * @throws TenancyError `INVALID_TENANT_ID`
 */
export function parseSlug(value: unknown, rules: NameRules): Slug {
  if (typeof value !== "string" || !SLUG.test(value)) {
    throw new TenancyError("INVALID_TENANT_ID", `The tenant slug ${shown(value)} is not valid.`);
  }
  const bytes = rules.tenantPrefix.length + value.length;
  if (bytes > rules.dialect.maxIdentifierBytes) {
    throw new TenancyError(
      "INVALID_TENANT_ID",
      `The tenant slug ${shown(value)} is too long: with the prefix it has ${bytes} bytes, and ` +
        `${rules.dialect.maxIdentifierBytes} are allowed.`,
      { remedy: "Choose a shorter slug." },
    );
  }
  // Reserved words are compared as schema names are: `pg-catalog` would become `pg_catalog`.
  if (isReservedSlug(slugKey(value), rules) || isReservedSlug(value, rules)) {
    throw new TenancyError("INVALID_TENANT_ID", `The tenant slug ${shown(value)} is reserved.`, {
      remedy: "Choose another slug.",
    });
  }
  return value as Slug;
}

function isReservedSlug(key: string, rules: NameRules): boolean {
  return (
    key.startsWith("pg_") ||
    RESERVED_SLUGS.includes(key) ||
    rules.reservedSlugs.some((rule) => (typeof rule === "string" ? rule === key : rule.test(key)))
  );
}

/** Returns what slugs are compared by: a hyphen, which DNS allows, equals an underscore. */
export function slugKey(slug: string): string {
  return slug.replaceAll("-", "_");
}

/** Returns the schema name that a slug has unless another one is given. */
export function toSchemaName(slug: Slug, rules: NameRules): SchemaName {
  return parseSchemaName(rules.tenantPrefix + slugKey(slug), rules);
}

/**
 * Checks the physical name of a tenant's schema and returns it unchanged. Any characters may be in
 * it but control characters; it is still quoted wherever it is used.
 *
 * @throws TenancyError `INVALID_SCHEMA_NAME`
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
export function parseSchemaName(value: unknown, rules: NameRules): SchemaName {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (typeof value !== "string" || value === "" || /[\u0000-\u001f\u007f]/.test(value)) {
    throw new TenancyError("INVALID_SCHEMA_NAME", `The schema name ${shown(value)} is not valid.`);
  }
  const bytes = utf8Length(value);
  if (bytes > rules.dialect.maxIdentifierBytes || !value.isWellFormed()) {
    throw new TenancyError(
      "INVALID_SCHEMA_NAME",
      `The schema name ${shown(value)} has ${bytes} bytes; ${rules.dialect.maxIdentifierBytes} are allowed.`,
    );
  }
  if (!rules.dialect.isPossibleSchemaName(value)) {
    throw new TenancyError(
      "INVALID_SCHEMA_NAME",
      `The schema name ${shown(value)} is one that the database cannot have.`,
    );
  }
  if (
    isGlobalSchema(value, rules) ||
    rules.sharedSchemas.includes(value) ||
    REFERENCE_NAME.test(value) ||
    rules.dialect.isReservedSchemaName(value)
  ) {
    throw new TenancyError("INVALID_SCHEMA_NAME", `The schema name ${shown(value)} is reserved.`, {
      remedy: "Choose another schema name.",
    });
  }
  return value as SchemaName;
}

/** MySQL may take two names for one that differ in nothing but case: the server's file system decides. */
// ISOLATION: the global schema in another case would be dropped with its tenant. unit/core/names.test.ts
function isGlobalSchema(name: string, { dialect, globalSchema }: NameRules): boolean {
  if (dialect.name !== "mysql") return name === globalSchema;
  return name.toLowerCase() === globalSchema.toLowerCase();
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
