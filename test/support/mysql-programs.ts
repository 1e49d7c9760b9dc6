import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessUser } from "./keep-process.ts";
import type { MysqlIngredients, PreparedMysql } from "./mysql-sources.ts";
import { runTool } from "./start-server.ts";
import { findProgram } from "./unprivileged.ts";

/** Which of the two servers: they differ in how they are set up, and in some SQL. */
export type MysqlFlavour = "mariadb" | "mysql";

/** An installed server's programs. */
export interface MysqlPrograms {
  readonly flavour: MysqlFlavour;
  /** The server. */
  readonly server: string;
  /** What fills an empty data folder: the program, and the arguments that it gets first. */
  readonly initialize: readonly [command: string, ...args: string[]];
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

/** Fills a data folder, and makes the arguments of a server on it. */
export async function preparePrograms(
  programs: MysqlPrograms,
  given: MysqlIngredients & { user: ProcessUser | undefined },
): Promise<PreparedMysql> {
  const { folder, options, port, user } = given;
  const data = join(folder, "data");
  const usersFile = join(folder, "users.sql");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(usersFile, usersSql(programs.flavour, given.password), { mode: 0o600 });
  if (user !== undefined) {
    for (const path of [data, usersFile]) chownSync(path, user.uid, user.gid);
  }
  const [command, ...args] = programs.initialize;
  // All settings, as some, such as `lower_case_table_names`, must be the same from the beginning.
  await runTool({ command, args: [...args, `--datadir=${data}`, ...options], folder, user });
  return {
    command: programs.server,
    args: [
      "--no-defaults",
      "--skip-log-bin",
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      "--bind-address=127.0.0.1",
      `--port=${port}`,
      `--socket=${join(folder, "mysql.sock")}`,
      `--pid-file=${join(folder, "server.pid")}`,
      // Run before the first client is let in.
      `--init-file=${usersFile}`,
      "--skip-name-resolve",
      ...options,
    ],
    admin: "admin",
    socketDir: folder,
  };
}

/** Statements, one on each line, that leave one account that can be logged in to: `admin`. */
export function usersSql(flavour: MysqlFlavour, password: string): string {
  // A client comes from `localhost` over the socket, and from its address, which is in `%`, over TCP.
  const statements = ["'admin'@'localhost'", "'admin'@'%'"].flatMap((user) => [
    `create user ${user} identified by '${password}';`,
    `grant all privileges on *.* to ${user} with grant option;`,
  ]);
  // In MariaDB it has no password that would be accepted.
  if (flavour === "mysql") statements.push("alter user 'root'@'localhost' account lock;");
  return `${statements.join("\n")}\n`;
}

/** Finds out what a server is and how its data is made, if `user` can run it. */
export function describePrograms(
  server: string,
  user: ProcessUser | undefined,
): MysqlPrograms | undefined {
  const { status, stdout } = spawnSync(server, ["--no-defaults", "--version"], {
    cwd: "/",
    encoding: "utf8",
    ...user,
  });
  if (status !== 0) return undefined;
  // Not by its name: MariaDB's packages bring a `mysqld` as well.
  const flavour = flavourOf(stdout);
  if (flavour === "mysql") {
    return { flavour, server, initialize: [server, "--no-defaults", "--initialize-insecure"] };
  }
  const installation = dirname(dirname(server));
  const command = findInstallProgram(installation);
  if (command === undefined) return undefined;
  const args = ["--no-defaults", "--auth-root-authentication-method=socket", "--skip-test-db"];
  // Without looking up the name of this machine, which may be unknown or take long.
  args.push("--force");
  // In an unpacked archive it has to be told where everything is.
  if (dirname(command) === join(installation, "scripts")) args.push(`--basedir=${installation}`);
  return { flavour, server, initialize: [command, ...args] };
}

/** The one of the same installation, as it reads the files of its own version. */
function findInstallProgram(installation: string): string | undefined {
  const names = ["mariadb-install-db", "mysql_install_db"];
  return (
    ["bin", "scripts"]
      .flatMap((folder) => names.map((name) => join(installation, folder, name)))
      .find((file) => existsSync(file)) ??
    names.map((name) => findProgram(name, ["/usr/bin"])).find((file) => file !== undefined)
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
