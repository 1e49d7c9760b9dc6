import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram } from "./unprivileged.ts";

const LOCK_FILE = join(tmpdir(), "kirayedar-apt.lock");
const LOCK_TIMEOUT_MS = 300_000;
const POLICY_FILE = "/usr/sbin/policy-rc.d";

/**
 * Installs a Debian package, without starting its service. Test files that ask at the same time
 * take turns.
 *
 * @param isThere - asked again when it is our turn, since another process may have installed it
 * @returns why it could not be installed, or `undefined` on success
 */
export async function installDebianPackage(
  name: string,
  isThere: () => boolean,
): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root can install it";
  if (findProgram("apt-get") === undefined) return "there is no apt-get to install it with";
  if (!(await takeLock())) return "another process has been installing for too long";
  try {
    if (isThere()) return undefined;
    return await withoutServices(async () => {
      // The lists may be old rather than missing: a failed update is not yet a failed installation.
      await aptGet(["update", "--quiet"]);
      const failure = await aptGet(["install", "--yes", "--no-install-recommends", name]);
      return failure && `apt-get failed: ${failure}`;
    });
  } finally {
    rmSync(LOCK_FILE, { force: true });
  }
}

async function takeLock(): Promise<boolean> {
  const deadline = Date.now() + LOCK_TIMEOUT_MS;
  while (Date.now() < deadline) {
    try {
      writeFileSync(LOCK_FILE, String(process.pid), { flag: "wx" });
      return true;
    } catch {
      if (!isHolderAlive()) rmSync(LOCK_FILE, { force: true });
      await sleep(200);
    }
  }
  return false;
}

function isHolderAlive(): boolean {
  try {
    const pid = Number(readFileSync(LOCK_FILE, "utf8"));
    // Still empty: its holder has created it and is about to write its number.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Debian starts a service as soon as it is installed, unless this file says no. */
async function withoutServices<Result>(install: () => Promise<Result>): Promise<Result> {
  if (existsSync(POLICY_FILE)) return await install();
  writeFileSync(POLICY_FILE, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return await install();
  } finally {
    rmSync(POLICY_FILE, { force: true });
  }
}

/** @returns the last line of what went wrong, or `undefined` on success */
async function aptGet(args: readonly string[]): Promise<string | undefined> {
  const child = spawn("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return code === 0 ? undefined : (output.trim().split("\n").at(-1) ?? `exit code ${code}`);
}
