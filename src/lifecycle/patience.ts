import { setTimeout as sleep } from "node:timers/promises";
import type { Session, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "./deps.ts";

/** Longest wait for one lock: whoever comes after us waits behind it for as long. */
const LOCK_WAIT_MS = 2_000;

/** Pause between two attempts, at most; half of it at least. */
const PAUSE_MS = 200;

/** How much longer to try. */
export class Patience {
  readonly #deadline: number;

  constructor(timeoutMs: number) {
    this.#deadline = performance.now() + timeoutMs;
  }

  /** In milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }
}

/**
 * Runs one transaction in the global scope, again when it waits too long for a lock. Several short
 * waits instead of a long one: in the pauses between them, others get through.
 *
 * @param tenant - slug, for messages
 * @throws TenancyError `TENANT_BUSY`
 */
export async function withPatience<T>(
  { driver }: LifecycleDeps,
  session: Session,
  patience: Patience,
  tenant: string,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const { schema } = driver.dialect;
  for (;;) {
    const wait = schema.limitLockWait(Math.min(LOCK_WAIT_MS, patience.leftMs));
    try {
      return await session.transaction(GLOBAL_SCOPE, fn, { first: wait });
    } catch (error) {
      if (!schema.isLockConflict(error)) throw error;
      const pauseMs = PAUSE_MS * (0.5 + Math.random() / 2);
      if (patience.leftMs <= pauseMs) {
        throw new TenancyError(
          "TENANT_BUSY",
          `Somebody is using the schema of the tenant "${tenant}".`,
          {
            cause: error,
            remedy: "Try again when the transaction that holds the lock has ended.",
            tenant,
          },
        );
      }
      await sleep(pauseMs);
    } finally {
      // It fails only when the connection is lost, and must not hide the error before it.
      const { endLockLimit } = schema;
      if (endLockLimit !== undefined) {
        await session.query(GLOBAL_SCOPE, endLockLimit).catch(() => undefined);
      }
    }
  }
}
