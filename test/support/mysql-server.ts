import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import mysql from "mysql2/promise";
import { type KeptProcess, keepProcess } from "./keep-process.ts";
import { flavourOf, type MysqlFlavour } from "./mysql-programs.ts";
import { findNewMysql, MYSQL_SOURCES, type MysqlSource, type NewMysql } from "./mysql-sources.ts";
import { readSource, retryTakenPort, waitUntilReady } from "./start-server.ts";
import { findFreePort, makeServerFolder } from "./unprivileged.ts";

/** A MySQL or MariaDB server to test against. */
export interface RunningMysql {
  /** An administrator's address, with its password, without a database. */
  readonly url: string;
  /** Folder of the Unix socket `mysql.sock`. Absent for a server by address or in a container. */
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
  /**
   * Server settings, such as `{ lower_case_table_names: "1" }`, added to those for fast tests. With
   * any, the server is a new one even where KIRAYEDAR_TEST_MYSQL_URL names one.
   */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Data is thrown away, so nothing has to survive a crash. `loose_`: what only some servers know. */
const FAST_SETTINGS: Readonly<Record<string, string>> = {
  innodb_flush_log_at_trx_commit: "0",
  innodb_flush_method: "nosync",
  innodb_doublewrite: "off",
  // The kernel has little of it to give, and these servers hardly use the disk.
  loose_innodb_use_native_aio: "off",
  innodb_buffer_pool_size: "128M",
  // Writing one of the default size takes as long as all else in a new data folder.
  loose_innodb_log_file_size: "16M",
  loose_innodb_redo_log_capacity: "64M",
  innodb_log_buffer_size: "4M",
  loose_sync_frm: "off",
  loose_aria_pagecache_buffer_size: "16M",
  key_buffer_size: "8M",
  performance_schema: "off",
  max_connections: "300",
  // MySQL's second protocol, which would take a second port.
  loose_mysqlx: "off",
  character_set_server: "utf8mb4",
  default_time_zone: "+00:00",
};

/**
 * Gets a MySQL or MariaDB server, or says in one line why there is none: the one that
 * KIRAYEDAR_TEST_MYSQL_URL names, else a new one from installed programs, from Debian's package
 * `mariadb-server` if this is root, or in a container.
 *
 * A new one listens on 127.0.0.1 and, outside a container, on a Unix socket, has an empty temporary
 * data folder, and ends with this process, however this process ends. Works as any user.
 */
export async function startMysql(
  options: StartMysqlOptions = {},
): Promise<RunningMysql | { unavailable: string }> {
  const source = options.source ?? readSource("KIRAYEDAR_TEST_MYSQL_SOURCE", MYSQL_SOURCES);
  const address = process.env["KIRAYEDAR_TEST_MYSQL_URL"];
  if (options.settings === undefined && (source === "env" || (source === undefined && address))) {
    if (!address) throw new Error("KIRAYEDAR_TEST_MYSQL_URL is not set.");
    const url = new URL(address);
    url.pathname = "/";
    const facts = await readFacts({ uri: url.href });
    return { url: url.href, ...facts, source: "env", stop: async () => {} };
  }
  const found = await findNewMysql(source);
  if ("unavailable" in found) return found;
  const settings = { ...FAST_SETTINGS, ...options.settings };
  return await retryTakenPort(() => startNewServer(found, settings));
}

async function startNewServer(
  found: NewMysql,
  settings: Readonly<Record<string, string>>,
): Promise<RunningMysql> {
  const { source, user } = found;
  const folder = makeServerFolder("kirayedar-mysql-", user);
  let server: KeptProcess | undefined;
  try {
    const password = randomBytes(12).toString("hex");
    const port = await findFreePort();
    const { admin, socketDir, ...program } = await found.prepare({
      folder,
      password,
      port,
      options: Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
    });
    server = keepProcess({
      ...program,
      folder,
      logFile: join(folder, "server.log"),
      // At once, without writing anything back: nobody will read this data again.
      stopSignal: "SIGKILL",
      stopTimeoutMs: 10_000,
      ...(user && { user }),
    });
    const url = `mysql://${admin}:${password}@127.0.0.1:${port}/`;
    const facts = await waitUntilReady({
      name: "The MySQL server",
      server,
      connect: () => readFacts({ uri: url, connectTimeout: 5_000 }),
      isFinal: isAccessDenied,
      // A container's image may have to be fetched first.
      timeoutMs: source === "container" ? 300_000 : 60_000,
    });
    return { url, ...(socketDir && { socketDir }), ...facts, source, stop: server.stop };
  } catch (error) {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
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
    const row = rows[0] as { version: string; lower_case: number };
    const number = /^[\d.]+/.exec(row.version)?.[0] ?? "unknown";
    return {
      version: number,
      flavour: flavourOf(row.version),
      lowerCaseTableNames: row.lower_case,
    };
  } finally {
    connection.destroy();
  }
}
