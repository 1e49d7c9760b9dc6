import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessUser } from "./keep-process.ts";
import { findProgram } from "./unprivileged.ts";

/** Which of the two servers: they differ in how they are set up, and in some SQL. */
export type MysqlFlavour = "mariadb" | "mysql";

/** An installed server's programs. */
export interface MysqlPrograms {
  readonly flavour: MysqlFlavour;
  /** The server. */
  readonly server: string;
  /** What fills an empty data folder, up to where it is to be. */
  readonly initialize: { readonly command: string; readonly args: readonly string[] };
}

/** Finds an installed server's programs that `user` can run: MariaDB's, else MySQL's. */
export function findInstalledMysql(user: ProcessUser | undefined): MysqlPrograms | undefined {
  const folders = installedFolders();
  for (const name of ["mariadbd", "mysqld"]) {
    const server = findProgram(name, folders);
    const programs = server === undefined ? undefined : describePrograms(server, user);
    if (programs !== undefined) return programs;
  }
  return undefined;
}

/** Tells from its version which of the two a server is. */
export function flavourOf(version: string): MysqlFlavour {
  return /mariadb/i.test(version) ? "mariadb" : "mysql";
}

function describePrograms(
  server: string,
  user: ProcessUser | undefined,
): MysqlPrograms | undefined {
  const asked = spawnSync(server, ["--no-defaults", "--version"], {
    cwd: "/",
    encoding: "utf8",
    ...user,
  });
  if (asked.status !== 0) return undefined;
  // MariaDB's packages also bring a `mysqld`.
  if (flavourOf(asked.stdout) === "mysql") {
    const args = ["--no-defaults", "--initialize-insecure"];
    return { flavour: "mysql", server, initialize: { command: server, args } };
  }
  const command = findInstallProgram(dirname(dirname(server)));
  if (command === undefined) return undefined;
  const args = ["--no-defaults", "--auth-root-authentication-method=socket", "--skip-test-db"];
  // An unpacked archive has it in a folder of its own, and it then has to be told where it is.
  const isArchive = command === join(dirname(dirname(server)), "scripts", "mariadb-install-db");
  if (isArchive) args.push(`--basedir=${dirname(dirname(server))}`);
  return { flavour: "mariadb", server, initialize: { command, args } };
}

function findInstallProgram(installation: string): string | undefined {
  const folders = ["bin", "scripts"].map((folder) => join(installation, folder));
  return (
    findProgram("mariadb-install-db", [...folders, "/usr/bin"]) ??
    findProgram("mysql_install_db", [...folders, "/usr/bin"])
  );
}

function installedFolders(): string[] {
  return [
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    ...packageFolders("/opt/homebrew/opt"),
    ...packageFolders("/usr/local/opt"),
  ];
}

/** Homebrew keeps older versions, such as `mysql@8.4`, out of its folder of programs. */
function packageFolders(parent: string): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /^(?:mariadb|mysql)(?:@|$)/.test(name))
    .toSorted()
    .toReversed()
    .map((name) => join(parent, name, "bin"));
}
