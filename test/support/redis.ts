import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { installDebianPackage } from "./debian-package.ts";
import { keepProcess, type KeptProcess } from "./keep-process.ts";
import { waitUntilReady } from "./start-server.ts";
import { findFreePort, findProgram, makeServerFolder, serverUser } from "./unprivileged.ts";

/** A Redis or Valkey of one test file. */
export interface RunningRedis {
  /** On loopback, without a password. */
  readonly host: string;
  readonly port: number;
  /** For example `Redis server v=7.0.15`. */
  readonly version: string;
  /** Ends it at once and deletes its folder. May be called again. */
  readonly stop: () => Promise<void>;
}

const PROGRAMS = ["redis-server", "valkey-server"] as const;

/**
 * Starts Redis, which keeps nothing, or says why it cannot. Where it is missing, and this is root on
 * Debian or a relative of it, installs it first. It ends with this process.
 */
async function startRedis(): Promise<RunningRedis | { unavailable: string }> {
  const program = await findRedis();
  if (typeof program !== "string") return program;

  const user = serverUser("redis");
  const folder = makeServerFolder("kirayedar-redis-", user);
  let process_: KeptProcess | undefined;
  try {
    const port = await findFreePort();
    process_ = keepProcess({
      args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      command: program,
      folder,
      logFile: join(folder, "server.log"),
      stopSignal: "SIGKILL",
      stopTimeoutMs: 5_000,
      ...(user && { user }),
    });
    await waitUntilReady({
      connect: () => ping(port),
      name: "Redis",
      server: process_,
      timeoutMs: 20_000,
    });
    return { host: "127.0.0.1", port, stop: process_.stop, version: readVersion(program) };
  } catch (error) {
    await process_?.stop();
    rmSync(folder, { force: true, recursive: true });
    throw error;
  }
}

/** Does the same, and returns `undefined`, after saying why, where there is none and none is demanded. */
export async function startRequiredRedis(): Promise<RunningRedis | undefined> {
  const server = await startRedis();
  if (!("unavailable" in server)) return server;
  // Where everything has to run, a missing server is a failure.
  if (process.env["CI"] === "true") throw new Error(server.unavailable);
  console.warn(server.unavailable);
  return undefined;
}

async function findRedis(): Promise<string | { unavailable: string }> {
  const find = (): string | undefined =>
    PROGRAMS.map((name) => findProgram(name, ["/usr/local/bin", "/opt/homebrew/bin"])).find(
      (found) => found !== undefined,
    );
  const found = find();
  if (found !== undefined) return found;
  let failure: string | undefined;
  for (const name of PROGRAMS) {
    failure = await installDebianPackage(name, () => find() !== undefined);
    if (failure === undefined) break;
  }
  return find() ?? { unavailable: `Redis is not installed, and ${failure ?? "apt-get left none"}` };
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write("PING\r\n"));
    socket.setTimeout(2_000, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    socket.once("data", (answer) => {
      if (String(answer).startsWith("+PONG")) resolve();
      socket.destroy();
    });
  });
}

function readVersion(program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { cwd: "/", encoding: "utf8" });
  return stdout.trim().split(" ").slice(0, 3).join(" ");
}
