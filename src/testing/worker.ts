import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, networkInterfaces, userInfo } from "node:os";

/** Who makes databases for tests: the process, and the worker in it. */
export interface Worker {
  /** Begins the names of what the processes make that this one can see. */
  readonly machine: string;
  /** The process. */
  readonly process: string;
  /** The worker in it, as the runner numbers them. */
  readonly id: string;
}

/** Returns who this is, as the runner says: Vitest, Jest, or a process of its own for each file. */
export function currentWorker(env: NodeJS.ProcessEnv = process.env): Worker {
  const given = env["VITEST_POOL_ID"] ?? env["JEST_WORKER_ID"] ?? "1";
  return {
    id:
      given
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "")
        .slice(0, 6) || "1",
    machine: machineOf(process.platform === "linux" ? readKernel() : readMachine()),
    process: String(process.pid),
  };
}

/** Returns six characters that stand for a machine. */
export function machineOf(known: readonly string[]): string {
  const digest = createHash("sha256").update(known.join("\n")).digest();
  return digest.readUIntBE(0, 6).toString(36).padStart(6, "0").slice(-6);
}

/**
 * Containers have processes of the same numbers, and often the same names: what tells them apart is the
 * kernel, as it was booted, and the namespace of their processes.
 */
// ISOLATION: whoever is taken for another one's machine removes the databases that its tests run in.
// unit/testing/names-and-texts.test.ts
function readKernel(): string[] {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return [hostname(), boot, readlinkSync("/proc/self/ns/pid")];
  } catch {
    // Better nothing of what is left is ever found than what others use.
    return [randomUUID()];
  }
}

function readMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((own) =>
    (own ?? []).filter(({ internal }) => !internal).map(({ mac }) => mac),
  );
  return [hostname(), userInfo().username, ...new Set(addresses.toSorted())];
}

/**
 * Returns the name of a worker's database. The process is in it, so that what a killed run has left can
 * be told from what a living one uses.
 *
 * @param attempt - from 1: a process may have several
 */
export function databaseName(base: string, worker: Worker, attempt: number): string {
  const more = attempt === 1 ? "" : `n${attempt}`;
  // What comes behind another `_` is a tenant's, and goes with it.
  return `${prefixOf(base, worker)}${worker.process}${more}_w${worker.id}`;
}

/** Returns what the names of this machine's databases begin with. */
export function prefixOf(base: string, { machine }: Pick<Worker, "machine">): string {
  return `${base}_${machine}_`;
}

/**
 * Returns the databases, and what is made for their tenants, whose processes have ended.
 *
 * @param hasTenants - whether tenants are beside it, and their names begin with its own
 */
// ISOLATION: what it returns is dropped. unit/testing/names-and-texts.test.ts
export function leftoversAmong(
  names: readonly string[],
  prefix: string,
  hasTenants: boolean,
): string[] {
  return names.filter((name) => {
    if (!name.startsWith(prefix)) return false;
    const [, owner, rest] = OWN.exec(name.slice(prefix.length)) ?? [];
    if (owner === undefined || (rest !== "" && !hasTenants)) return false;
    return !isAlive(Number(owner));
  });
}

/** A process, how many it has, and its worker; and what is a tenant's. */
const OWN = /^(\d{1,10})(?:n\d{1,3})?_w[0-9a-z]{1,6}(|_.+)$/;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
