import { errnoOf } from "../../dialects/mysql/errno.ts";
import { toNumber } from "../../dialects/mysql/client-value.ts";
import type { QueryResult } from "../../core/driver.ts";

/** `ER_DBACCESS_DENIED_ERROR`: what a user without rights on it gets to hear of a missing database. */
const ER_DBACCESS_DENIED_ERROR = 1044;

/**
 * Whether the server denies a database that, as far as this user may see, does not exist. Asks the
 * server only after such an error.
 *
 * @param query - runs one statement on any connection of the same user
 */
export async function isDeniedAndMissing(
  error: unknown,
  schemaName: string,
  query: (text: string, params: readonly unknown[]) => Promise<QueryResult>,
): Promise<boolean> {
  if (errnoOf(error) !== ER_DBACCESS_DENIED_ERROR) return false;
  const { rows } = await query(
    "select count(*) as found from information_schema.schemata where schema_name = ?",
    [schemaName],
  );
  return toNumber(rows[0]?.["found"]) === 0;
}
