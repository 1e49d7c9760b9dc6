import type { ClientModule, ConnectionConfig, RawConnection } from "./peer.ts";

/** Flag of a connection that makes the server allow spaces before the parenthesis of a function. */
const IGNORE_SPACE = 0x100;

/**
 * Removes everything from a session, except the database that it is in, which is entered again only if
 * it differs.
 *
 * `COM_RESET_CONNECTION` also undoes what was agreed on when the connection was opened: the character
 * set in which `mysql2` writes, and a part of `sql_mode`. So they are set again. Both messages are in the
 * connection's queue at once.
 *
 * @param restoreText - from {@link restoreTextOf}
 * @param noteReset - called when it is done, before the connection's next command starts
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_reset_connection.html
 */
export function resetSession(
  connection: RawConnection,
  restoreText: string,
  noteReset: () => void = () => undefined,
): Promise<void> {
  let hasFailed = false;
  const reset = new Promise<void>((resolve, reject) => {
    const command = connection.reset((error) => {
      hasFailed = Boolean(error);
      if (error) reject(error);
      else resolve();
    });
    command.once("end", () => {
      if (!hasFailed) noteReset();
    });
  });
  const restored = new Promise<void>((resolve, reject) => {
    connection.query(restoreText, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  return Promise.all([reset, restored]).then(() => undefined);
}

/**
 * Returns what sets a session as it was when it was opened, or `undefined` if `mysql2` does not know the
 * name of its character set.
 */
export function restoreTextOf(
  { Charsets }: Pick<ClientModule, "Charsets">,
  { charsetNumber, clientFlags }: ConnectionConfig,
): string | undefined {
  const collation = Object.keys(Charsets).find(
    (name) => Charsets[name] === charsetNumber && (name.includes("_") || name === "BINARY"),
  );
  if (collation === undefined) return undefined;
  const name = collation.toLowerCase();
  const names = `names ${name.split("_")[0]} collate ${name}`;
  if ((clientFlags & IGNORE_SPACE) === 0) return `set ${names}`;
  return `set sql_mode = concat(@@sql_mode, ',IGNORE_SPACE'), ${names}`;
}
