import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TenancyError } from "../../errors/tenancy-error.ts";
import type { PgClient } from "./peer.ts";

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Returns the key of a named lock: the first 64 bits of the name's SHA-256, signed. */
export function lockKey(name: string): bigint {
  return createHash("sha256").update(name).digest().readBigInt64BE(0);
}

/**
 * Returns an expression that takes a named lock until the end of the transaction, or fails with 22P02:
 * a cast, as it costs nothing where it succeeds.
 */
export function tryLockSql(name: string): string {
  const isTaken = `pg_catalog.pg_try_advisory_xact_lock(${lockKey(name)})`;
  return `(case when ${isTaken} then '1' else 'locked' end)::pg_catalog.int4`;
}

/** Returns what to tell the user about an error of {@link tryLockSql}; `undefined` for any other. */
export function busyError(error: unknown, name: string): TenancyError | undefined {
  const isBusy = (error as { readonly code?: unknown } | null)?.code === "22P02";
  return isBusy ? busy(name, error) : undefined;
}

function busy(name: string, cause?: unknown): TenancyError {
  return new TenancyError("TENANT_BUSY", `Another operation holds the lock "${name}".`, { cause });
}

/**
 * Takes a session's advisory lock, trying again with growing pauses. Waiting inside the server
 * instead would hold a snapshot, which `create index concurrently` waits for in turn.
 *
 * @throws TenancyError `TENANT_BUSY` when it is not free in time
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export async function takeLock(client: PgClient, name: string, timeoutMs: number): Promise<void> {
  const key = lockKey(name).toString();
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { rows } = await client.query<{ taken: boolean }>(
      "select pg_catalog.pg_try_advisory_lock($1) as taken",
      [key],
    );
    if (rows[0]?.taken === true) return;
    if (performance.now() + pauseMs > deadline) {
      throw busy(name);
    }
    // Different pauses keep waiting processes from asking in step for ever.
    await sleep(pauseMs * (0.5 + Math.random()));
  }
}
