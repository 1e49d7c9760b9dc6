import type { Session, Transaction } from "../core/driver.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { type Patience, retryOnLocks } from "../migrate/patience.ts";
import type { LifecycleDeps } from "./deps.ts";

/** Longest wait for one lock: whoever comes after us waits behind it for as long. */
const LOCK_WAIT_MS = 2_000;

/**
 * Runs one transaction in the global scope, again when it waits too long for a lock.
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
  return await retryOnLocks(schema, patience, tenant, async () => {
    const first = schema.limitLockWait(Math.min(LOCK_WAIT_MS, patience.leftMs));
    try {
      return await session.transaction(GLOBAL_SCOPE, fn, { first });
    } finally {
      // It fails only when the connection is lost, and must not hide the error before it.
      const { endLockLimit } = schema;
      if (endLockLimit !== undefined) {
        await session.query(GLOBAL_SCOPE, endLockLimit).catch(() => undefined);
      }
    }
  });
}
