import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { installDebianPackage } from "./debian-package.ts";
import { keepProcess, type KeptProcess, type ProcessUser } from "./keep-process.ts";
import {
  findInstalledMysql,
  flavourOf,
  type MysqlFlavour,
  type MysqlPrograms,
} from "./mysql-programs.ts";
import { readSource, retryTakenPort, runTool, waitUntilReady } from "./start-server.ts";
import { findFreePort, makeServerFolder, serverUser } from "./unprivileged.ts";

/** Where the server comes from, in the order in which they are tried. */
export type MysqlSource = "env" | "installed" | "debian";

const SOURCES: readonly MysqlSource[] = ["env", "installed", "debian"];

/** A MySQL or MariaDB server to test against. */
export interface RunningMysql {
  /** An administrator's address, with its password, without a database. */
  readonly url: string;
  /** Folder of the Unix socket `mysql.sock`. Absent for a server by address. */
  readonly socketDir?: string;
  /** For example `10.11.19`. */
  readonly version: string;
  readonly flavour: MysqlFlavour;
  readonly source: MysqlSource;
  /** The server's setting: 0 tells names apart by case, 1 and 2 do not. */
  readonly lowerCaseTableNames: number;
  /** Ends the server and deletes its data, without waiting for clients. May be called again. */
  readonly stop: () => Promise<void>;
}

export interface StartMysqlOptions {
  /** Takes the server from here and nowhere else. Default: KIRAYEDAR_TEST_MYSQL_SOURCE, or any. */
  readonly source?: MysqlSource;
  /** Server settings, such as `{ lower_case_table_names: "1" }`, added to those for fast tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Data is thrown away, so nothing has to survive a crash. `loose_`: what only one of the two knows. */
const FAST_SETTINGS: Readonly<Record<string, string>> = {
  innodb_flush_log_at_trx_commit: "0",
  innodb_flush_method: "nosync",
  innodb_doublewrite: "off",
  // Kernel resources of which a machine has few, for servers that hardly touch the disk.
  innodb_use_native_aio: "off",
  innodb_buffer_pool_size: "128M",
  loose_innodb_log_file_size: "16M",
  loose_innodb_redo_log_capacity: "64M",
  innodb_log_buffer_size: "4M",
  loose_sync_frm: "off",
  loose_aria_pagecache_buffer_size: "16M",
  key_buffer_size: "8M",
  performance_schema: "off",
  max_connections: "300",
  // MySQL's second protocol, on a second port.
  loose_mysqlx: "off",
  character_set_server: "utf8mb4",
  default_time_zone: "+00:00",
};

const SOCKET_FILE = "mysql.sock";

/**
 * Gets a MySQL or MariaDB server, or says why there is none: the one that KIRAYEDAR_TEST_MYSQL_URL
 * names, else a new one from installed programs, which are installed first if need be and allowed.
 *
 * A new one listens on 127.0.0.1 and on a Unix socket, has an empty temporary data folder, and
 * ends with this process, however this process ends. Works as root and as any other user.
 */
export async function startMysql(
  options: StartMysqlOptions = {},
): Promise<RunningMysql | { unavailable: string }> {
  const source = options.source ?? readSource("KIRAYEDAR_TEST_MYSQL_SOURCE", SOURCES);
  const address = process.env["KIRAYEDAR_TEST_MYSQL_URL"];
  if (source === "env" || (source === undefined && address)) {
    if (!address) throw new Error("KIRAYEDAR_TEST_MYSQL_URL is not set.");
    const facts = await readFacts({ uri: address });
    return { url: address, ...facts, source: "env", stop: async () => {} };
  }
  const user = serverUser("mysql");
  let programs = findInstalledMysql(user);
  if (programs === undefined) {
    const isThere = (): boolean => findInstalledMysql(user) !== undefined;
    const failure = await installDebianPackage("mariadb-server", isThere);
    programs = findInstalledMysql(serverUser("mysql"));
    if (programs === undefined) {
      return { unavailable: `neither mariadbd nor mysqld is installed, ${failure}` };
    }
  }
  const found = programs;
  const settings = { ...FAST_SETTINGS, ...options.settings };
  return await retryTakenPort(() => startNewServer(found, settings));
}

async function startNewServer(
  programs: MysqlPrograms,
  settings: Readonly<Record<string, string>>,
): Promise<RunningMysql> {
  const user = serverUser("mysql");
  const folder = makeServerFolder("kirayedar-mysql-", user);
  let server: KeptProcess | undefined;
  try {
    const data = join(folder, "data");
    mkdirSync(data, { mode: 0o700 });
    if (user !== undefined) chownSync(data, user.uid, user.gid);
    const options = settingArguments({ datadir: data, ...settings });
    const { command, args } = programs.initialize;
    await runTool({ command, args: [...args, ...options], folder, user });
    const password = randomBytes(12).toString("hex");
    const port = await findFreePort();
    const own = settingArguments({
      bind_address: "127.0.0.1",
      port: String(port),
      socket: join(folder, SOCKET_FILE),
      pid_file: join(folder, "server.pid"),
      tmpdir: folder,
      init_file: writeUsers({ programs, folder, password, user }),
    });
    server = keepProcess({
      command: programs.server,
      args: ["--no-defaults", "--skip-log-bin", ...own, ...options],
      folder,
      logFile: join(folder, "server.log"),
      // At once, without writing anything back: nobody will read this data again.
      stopSignal: "SIGKILL",
      stopTimeoutMs: 10_000,
      ...(user && { user }),
    });
    const url = `mysql://admin:${password}@127.0.0.1:${port}/`;
    const facts = await waitUntilReady({
      name: `The ${programs.flavour} server`,
      server,
      connect: () => readFacts({ uri: url, connectTimeout: 5_000 }),
      isFinal: isAccessDenied,
    });
    return { url, socketDir: folder, ...facts, source: "installed", stop: server.stop };
  } catch (error) {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Writes the statements that the server runs before it lets anybody in. One line each. */
function writeUsers(given: {
  programs: MysqlPrograms;
  folder: string;
  password: string;
  user: ProcessUser | undefined;
}): string {
  const { programs, folder, password, user } = given;
  // An address that the server can resolve comes from `localhost`, any other from `%`.
  const lines = ["localhost", "%"].flatMap((host) => [
    `create user 'admin'@'${host}' identified by '${password}';`,
    `grant all privileges on *.* to 'admin'@'${host}' with grant option;`,
  ]);
  if (programs.flavour === "mysql") {
    lines.push(`alter user 'root'@'localhost' identified by '${password}';`);
  }
  const file = join(folder, "init.sql");
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  if (user !== undefined) chownSync(file, user.uid, user.gid);
  return file;
}

function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

function isAccessDenied(error: unknown): boolean {
  return (error as { errno?: unknown }).errno === 1045;
}

async function readFacts(
  config: mysql.ConnectionOptions,
): Promise<Pick<RunningMysql, "version" | "flavour" | "lowerCaseTableNames">> {
  const connection = await mysql.createConnection(config);
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      "select version() as version, @@lower_case_table_names as lower_case",
    );
    const { version, lower_case: lowerCaseTableNames } = rows[0] as {
      version: string;
      lower_case: number;
    };
    const number = /^[\d.]+/.exec(version)?.[0] ?? "unknown";
    return { version: number, flavour: flavourOf(version), lowerCaseTableNames };
  } finally {
    connection.destroy();
  }
}
