import type { Shell } from "../../core/driver.ts";

/** How a client library would connect. */
export interface ServerAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly socketPath?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Whether the connection is encrypted, and whether it is checked who the server is. */
  readonly ssl?: "checked" | "unchecked" | undefined;
}

/**
 * Tells how the command-line client of MariaDB or MySQL gets into one database. What must not be seen by
 * others is in an option file: arguments are everybody's, and the variable for passwords is no longer read
 * by MySQL.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/option-files.html
 */
export function clientShell(
  address: ServerAddress,
  schemaName: string,
  tenant: string | undefined,
): Shell {
  const { host, password, port, socketPath, ssl, user } = address;
  const isLocal = socketPath !== undefined;
  const lines = [
    "[client]",
    ...option("user", user),
    ...option("password", password),
    ...(isLocal ? option("socket", socketPath) : option("host", host ?? "127.0.0.1")),
    ...(isLocal ? [] : option("port", String(port ?? 3306))),
    // The client takes `localhost` for its own socket, wherever that is.
    ...(isLocal ? [] : ["protocol=TCP"]),
    // Each client knows some of these alone, and passes over those that may be loose.
    ...(ssl === undefined ? [] : ["loose-ssl", `loose-ssl-mode=${MODES[ssl]}`]),
    ...(ssl === "checked" ? ["loose-ssl-verify-server-cert"] : []),
  ];
  return {
    // ISOLATION: MySQL's own file of logins may name another database; arguments win. e2e/cli/shell.test.ts
    args: [`--database=${schemaName}`, `--prompt=${tenant ?? "global"}> `],
    commands: ["mariadb", "mysql"],
    env: {},
    file: {
      text: `${lines.join("\n")}\n`,
      // ISOLATION: in place of the user's files, which may name another server. e2e/cli/shell.test.ts
      toArgument: (path) => `--defaults-file=${path}`,
    },
  };
}

const MODES = { checked: "VERIFY_IDENTITY", unchecked: "REQUIRED" } as const;

function option(name: string, value: string | undefined): string[] {
  if (value === undefined) return [];
  const escaped = value
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("\r", String.raw`\r`);
  return [`${name}="${escaped}"`];
}
