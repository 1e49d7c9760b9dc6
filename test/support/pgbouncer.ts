import { spawnSync } from "node:child_process";
import { chownSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { installDebianPackage } from "./debian-package.ts";
import { keepProcess, type KeptProcess } from "./keep-process.ts";
import { waitUntilReady } from "./start-server.ts";
import { findFreePort, findProgram, makeServerFolder, serverUser } from "./unprivileged.ts";

/** A PgBouncer in front of a test database. */
export interface RunningPgBouncer {
  /** The database's address through PgBouncer. */
  readonly url: string;
  /** For example `1.18.0`. */
  readonly version: string;
  /** Ends PgBouncer at once and deletes its folder. May be called again. */
  readonly stop: () => Promise<void>;
}

export interface StartPgBouncerOptions {
  /** Address of the database behind it, with user and password. */
  readonly url: string;
  /** Default: `transaction`. */
  readonly poolMode?: "session" | "transaction" | "statement";
  /** Server connections for each database. Default: 5. */
  readonly poolSize?: number;
  /** More lines of the section `[pgbouncer]`, which win over those set here. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts PgBouncer, or says why it cannot. Where it is missing, and this is root on Debian or a
 * relative of it, installs it first. Everybody may log in; it ends with this process.
 */
export async function startPgBouncer(
  options: StartPgBouncerOptions,
): Promise<RunningPgBouncer | { unavailable: string }> {
  const program = await findPgBouncer();
  if (typeof program !== "string") return program;

  const user = serverUser();
  const folder = makeServerFolder("kirayedar-pgbouncer-", user);
  let process_: KeptProcess | undefined;
  try {
    const port = await findFreePort();
    const configFile = join(folder, "pgbouncer.ini");
    writeFileSync(configFile, renderConfig(options, port), { mode: 0o600 });
    if (user !== undefined) chownSync(configFile, user.uid, user.gid);
    process_ = keepProcess({
      command: program,
      args: [configFile],
      folder,
      logFile: join(folder, "server.log"),
      // What the gentler signals wait for differs between versions; here nothing is worth waiting.
      stopSignal: "SIGKILL",
      stopTimeoutMs: 5_000,
      ...(user && { user }),
    });
    const url = new URL(options.url);
    url.host = `127.0.0.1:${port}`;
    await waitUntilReady({
      name: "PgBouncer",
      server: process_,
      connect: () => tryQuery(url.href),
      timeoutMs: 20_000,
    });
    return { url: url.href, version: readVersion(program), stop: process_.stop };
  } catch (error) {
    await process_?.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function findPgBouncer(): Promise<string | { unavailable: string }> {
  const find = (): string | undefined =>
    findProgram("pgbouncer", ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"]);
  const found = find();
  if (found !== undefined) return found;
  const failure = await installDebianPackage("pgbouncer", () => find() !== undefined);
  return (
    find() ?? { unavailable: `pgbouncer is not installed, and ${failure ?? "apt-get left none"}` }
  );
}

function renderConfig(options: StartPgBouncerOptions, port: number): string {
  const { hostname, port: targetPort, username, password } = new URL(options.url);
  const quote = (text: string): string => `'${decodeURIComponent(text).replaceAll("'", "''")}'`;
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    unix_socket_dir: "",
    // Whoever connects becomes the user of the database line below.
    auth_type: "any",
    admin_users: "pgbouncer",
    pool_mode: options.poolMode ?? "transaction",
    default_pool_size: String(options.poolSize ?? 5),
    max_client_conn: "500",
    ignore_startup_parameters: "extra_float_digits",
    ...options.settings,
  };
  const target = `host=${hostname} port=${targetPort || "5432"} user=${quote(username)}`;
  return [
    "[databases]",
    `* = ${target} password=${quote(password)}`,
    "[pgbouncer]",
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "",
  ].join("\n");
}

async function tryQuery(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks while it is being made also reports here; `connect` rejects anyway.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end().catch(() => {});
  }
}

function readVersion(program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8", cwd: "/" });
  return /PgBouncer (\S+)/i.exec(stdout)?.[1] ?? "unknown";
}
