import type { ClientModule, RawConnection } from "./peer.ts";

/**
 * Removes everything from a session, except the database that it is in, which is entered again only if
 * it differs.
 *
 * `COM_RESET_CONNECTION` also makes the server's default the session's character set, which need not be
 * the one in which `mysql2` writes; so it is set again. Both are in the connection's queue at once.
 *
 * @param namesText - from {@link setNamesText}
 * @param noteReset - called when it is done, before the connection's next command starts
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_reset_connection.html
 */
export function resetSession(
  connection: RawConnection,
  namesText: string,
  noteReset: () => void = () => undefined,
): Promise<void> {
  if (connection.reset === undefined) {
    return Promise.reject(new Error("This version of `mysql2` cannot reset a connection."));
  }
  let hasFailed = false;
  const reset = new Promise<void>((resolve, reject) => {
    const command = connection.reset?.((error) => {
      hasFailed = Boolean(error);
      if (error) reject(error);
      else resolve();
    });
    command?.once("end", () => {
      if (!hasFailed) noteReset();
    });
  });
  const named = new Promise<void>((resolve, reject) => {
    connection.query(namesText, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  return Promise.all([reset, named]).then(() => undefined);
}

/**
 * Returns what makes a character set the session's, or `undefined` if `mysql2` does not know its name.
 *
 * @param charsetNumber - number of the collation, as in the options of connections
 */
export function setNamesText(
  { Charsets }: Pick<ClientModule, "Charsets">,
  charsetNumber: number,
): string | undefined {
  const collation = Object.keys(Charsets).find(
    (name) => Charsets[name] === charsetNumber && (name.includes("_") || name === "BINARY"),
  );
  if (collation === undefined) return undefined;
  const name = collation.toLowerCase();
  return `set names ${name.split("_")[0]} collate ${name}`;
}
