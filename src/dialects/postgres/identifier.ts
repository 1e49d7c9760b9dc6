/** Quotes a name for use in SQL text. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const RESERVED: ReadonlySet<string> = new Set([
  // ISOLATION: in a search path, quoted or not, it stands for the role's own schema. unit/core/names.test.ts
  "$user",
  "information_schema",
  "postgres",
  "public",
  "template0",
  "template1",
]);

/**
 * Whether no tenant's schema may have this name.
 *
 * @see https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG (`pg_` names)
 */
export function isReservedSchemaName(name: string): boolean {
  return name.toLowerCase().startsWith("pg_") || RESERVED.has(name.toLowerCase());
}

/**
 * Writes text as a literal, in the escape form, which means the same whatever
 * `standard_conforming_strings` is.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE
 */
export function quoteLiteral(text: string): string {
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

const TAG = "$kirayedar$";

/**
 * Writes the body of a `do` block as a literal: as it is between tags, unless it has such a tag.
 *
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-DOLLAR-QUOTING
 */
export function quoteBody(body: string): string {
  // What ends in a dollar would make a tag together with the one behind it.
  return body.includes("$kirayedar") || body.endsWith("$")
    ? quoteLiteral(body)
    : `${TAG}${body}${TAG}`;
}
