/** Quotes a name for use in SQL text. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/**
 * The engines' own databases; `lost+found`, which a file system puts into the data directory; and
 * `test`, on which, as on all that begin with `test_`, MariaDB's installer gives everybody all rights.
 *
 * @see https://mariadb.com/docs/server/clients-and-utilities/deployment-tools/mariadb-install-db
 */
const RESERVED: ReadonlySet<string> = new Set([
  "information_schema",
  "innodb",
  "lost+found",
  "mysql",
  "mysql_innodb_cluster_metadata",
  "ndbinfo",
  "performance_schema",
  "sys",
  "test",
]);
const RESERVED_PREFIX = /^(?:test_|#mysql50#)/;

/** Whether no tenant's database may have this name, in whatever case: many servers know no case. */
export function isReservedSchemaName(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || RESERVED_PREFIX.test(lower);
}

/** Longest name of a folder, in bytes. */
const MAX_FOLDER_BYTES = 255;

/**
 * Whether there can be a database of this name: without a space at its end, without characters
 * beyond U+FFFF, and no longer than a folder's name when it is written as one. There, all but
 * letters, digits and `_` take up to five bytes.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/identifiers.html
 * @see https://dev.mysql.com/doc/refman/8.4/en/identifier-mapping.html
 */
export function isPossibleSchemaName(name: string): boolean {
  if (name.endsWith(" ") || /[\ud800-\udfff]/.test(name)) return false;
  return name.replaceAll(/[^A-Za-z0-9_]/g, "@0000").length <= MAX_FOLDER_BYTES;
}

/**
 * Writes text as a literal. A backslash means itself or not, as `sql_mode` has it, and the text may
 * become part of another session's; so text with one is written as its bytes, which some places,
 * such as comments of tables, do not take.
 */
export function quoteLiteral(text: string): string {
  return text.includes("\\") ? hexLiteral(text) : `'${text.replaceAll("'", "''")}'`;
}

/** Writes text as a literal that has no character of it, and so may be anywhere, also in a comment. */
export function hexLiteral(text: string): string {
  return `_utf8mb4 x'${hexOf(text)}'`;
}

/** Returns the bytes of text in hexadecimal. */
export function hexOf(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
