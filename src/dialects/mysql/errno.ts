/**
 * Returns the number of a server's error: the same on MySQL and MariaDB for what both know, and in
 * every client library.
 *
 * @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 */
export function errnoOf(error: unknown): unknown {
  return (error as { readonly errno?: unknown } | null | undefined)?.errno;
}
