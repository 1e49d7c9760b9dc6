import { createHash } from "node:crypto";
import { mkdir, realpath, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TenancyError } from "../../errors/tenancy-error.ts";

/** Gives a folder back to whoever wants to open it next. */
export type Unlock = () => Promise<void>;

/**
 * Makes a folder this driver's alone, on this machine, until it is unlocked or the process ends.
 *
 * PGlite itself opens a folder as often as it is asked to, and two that write to it destroy it. The
 * lock is a socket that is listened on: unlike a file with a process id, it cannot outlive its owner,
 * nor be taken for alive because another process got that id.
 *
 * @param dataDir - PGlite's option of that name; anything but a folder needs no lock
 * @throws TenancyError `DATABASE_UNAVAILABLE` when the folder is open already
 */
export async function lockFolder(dataDir: string | undefined): Promise<Unlock> {
  const folder = folderOf(dataDir);
  if (folder === undefined) return async () => undefined;
  // Two spellings of one folder must meet, so it has to be there before it is named.
  await mkdir(folder, { recursive: true });
  const path = socketOf(await realpath(folder));
  const server =
    (await listen(path)) ?? ((await isAnswered(path)) ? undefined : await takeOver(path));
  if (server === undefined) {
    throw new TenancyError(
      "DATABASE_UNAVAILABLE",
      `The folder "${folder}" of the embedded database is already open.`,
      { remedy: "Close it where it is open: only one driver at a time can have it." },
    );
  }
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function folderOf(dataDir: string | undefined): string | undefined {
  if (dataDir === undefined || dataDir === "") return undefined;
  if (!/^[a-z][a-z-]+:\/\//.test(dataDir)) return dataDir;
  // PGlite takes what follows the scheme as it is, without decoding it.
  return dataDir.startsWith("file://") ? dataDir.slice("file://".length) : undefined;
}

/** In the folder of temporary files, as addresses of sockets end after some 100 bytes. */
function socketOf(folder: string): string {
  const name = `kirayedar-${createHash("sha256").update(folder).digest("hex").slice(0, 24)}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.lock`);
}

/** Resolves with `undefined` when the address is taken, by the living or the dead. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Only these two say that nobody is there; in doubt, somebody is.
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

/** Its owner was killed, and the socket's file stayed. */
async function takeOver(path: string): Promise<Server | undefined> {
  await rm(path, { force: true });
  return await listen(path);
}
