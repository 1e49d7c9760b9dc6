import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { Wire } from "./client-library.ts";

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Returns the name under which the server knows a lock: at most 64 characters, in one case only, as
 * the server takes no heed of it. Locks are the whole server's, so the database is part of the name.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html
 */
export function lockName(schemaName: string, name: string): string {
  const hash = createHash("sha256").update(`${schemaName}\0${name}`).digest("hex");
  return `kirayedar_${hash.slice(0, 48)}`;
}

/**
 * Takes a lock that the connection holds until it is reset or ends, trying again with growing pauses.
 *
 * @throws TenancyError `TENANT_BUSY` when it is not free in time
 */
export async function takeLock(
  wire: Pick<Wire, "query">,
  schemaName: string,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { rows } = await wire.query<{ taken: number | bigint | string | null }>(
      "select get_lock(?, 0) as taken",
      [lockName(schemaName, name)],
    );
    // 0: somebody else has it. Null: the server could not tell, such as when it is out of memory.
    const taken = rows[0]?.taken ?? null;
    if (Number(taken) === 1) return;
    if (performance.now() + pauseMs > deadline) {
      const fact =
        taken === null
          ? `The server could not take the lock "${name}".`
          : `Another operation holds the lock "${name}".`;
      throw new TenancyError("TENANT_BUSY", fact);
    }
    // Different pauses keep waiting processes from asking in step for ever.
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}
