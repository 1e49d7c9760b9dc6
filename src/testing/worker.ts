import { createHash } from "node:crypto";
import { hostname } from "node:os";

/** Who makes databases for tests: the process, and the worker in it. */
export interface Worker {
  /** Begins the names of what the processes of this machine make. */
  readonly machine: string;
  /** The process. */
  readonly process: string;
  /** The worker in it, as the runner numbers them. */
  readonly id: string;
}

/** Returns who this is, as the runner says: Vitest, Jest, or a process of its own for each file. */
export function currentWorker(env: NodeJS.ProcessEnv = process.env): Worker {
  const given = env["VITEST_POOL_ID"] ?? env["JEST_WORKER_ID"] ?? "1";
  const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 4);
  return {
    id:
      given
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "")
        .slice(0, 6) || "1",
    machine,
    process: process.pid.toString(36),
  };
}

/**
 * Returns the name of a worker's database. The process is in it, so that what a killed run has left can
 * be told from what a living one uses.
 *
 * @param attempt - from 1: a process may have several
 */
export function databaseName(base: string, worker: Worker, attempt: number): string {
  const more = attempt === 1 ? "" : `_${attempt}`;
  return `${prefixOf(base, worker)}${worker.process}_w${worker.id}${more}`;
}

/** Returns what the names of this machine's databases begin with. */
export function prefixOf(base: string, { machine }: Pick<Worker, "machine">): string {
  return `${base}_${machine}_`;
}

/** Returns the databases, and the schemas in their names' beginnings, whose processes have ended. */
export function leftoversAmong(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => {
    if (!name.startsWith(prefix)) return false;
    const owner = /^([0-9a-z]{1,8})_w[0-9a-z]{1,6}(?:_|$)/.exec(name.slice(prefix.length))?.[1];
    return owner !== undefined && !isAlive(Number.parseInt(owner, 36));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
