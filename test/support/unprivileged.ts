import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { ProcessUser } from "./keep-process.ts";

/**
 * The user that servers run as: `undefined` (the current one) unless this is root, whom database
 * servers refuse. Then an existing account, since initdb looks its user up by number.
 *
 * @param preferred - the account that is taken if it exists
 */
export function serverUser(preferred = "postgres"): ProcessUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter((account) => account.uid > 0);
  const found =
    accounts.find((account) => account.name === preferred) ??
    accounts.find((account) => account.name === "nobody") ??
    accounts[0];
  if (found === undefined) {
    throw new Error("A database server cannot run as root, and /etc/passwd has no other user.");
  }
  return { uid: found.uid, gid: found.gid };
}

/** Makes a temporary folder, private to `user`, at a place that this user can reach. */
export function makeServerFolder(prefix: string, user: ProcessUser | undefined): string {
  const places = user === undefined ? [tmpdir()] : [tmpdir(), "/tmp", "/var/tmp"];
  const place = places.find((candidate) => user === undefined || canReach(candidate, user));
  if (place === undefined) throw new Error(`No other user can reach ${places.join(", ")}.`);
  const folder = mkdtempSync(join(place, prefix));
  chmodSync(folder, 0o700);
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

function canReach(folder: string, user: ProcessUser): boolean {
  return spawnSync("/bin/sh", ["-c", 'cd "$0"', folder], { ...user, cwd: "/" }).status === 0;
}

/** Whether `user` can start this program; asks it for its version. */
export function canRun(program: string, user: ProcessUser | undefined): boolean {
  return spawnSync(program, ["--version"], { ...user, cwd: "/" }).status === 0;
}

/** The full path of a program on PATH or in one of `folders`. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...folders]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No TCP port was given.");
  return address.port;
}
