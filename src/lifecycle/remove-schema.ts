import { setTimeout as sleep } from "node:timers/promises";
import type { Session, Transaction } from "../core/driver.ts";
import type { SchemaObject } from "../core/schema-sql.ts";
import { GLOBAL_SCOPE } from "../core/scope.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { LifecycleDeps } from "./deps.ts";

/**
 * Objects that one transaction drops. Each takes some locks (a table with its indexes about 15), and
 * the server has room for about 12,000 by default, for everybody together.
 */
const BATCH = 100;

/** Objects that one look at the catalogs returns. */
const LISTED = 5_000;

/** Longest wait for one lock: whoever comes after us waits behind it for as long. */
const LOCK_WAIT_MS = 2_000;

/** Pause between two attempts, at most; half of it at least. */
const PAUSE_MS = 200;

/** How {@link removeSchema} goes about it. */
export interface RemovalOptions {
  /** Slug, for messages. */
  readonly tenant: string;
  /** Runs in the transaction that ends the schema: what must be true exactly when it is gone. */
  readonly atLast?: (tx: Transaction) => Promise<void>;
  /** Hears that something was dropped for good, so that there is no way back. */
  readonly onCommitted?: () => void;
}

/**
 * Removes a schema with everything in it, if it is there.
 *
 * A small one goes in one transaction; of a large one the objects go first, in batches, so that no
 * transaction needs more locks than the server has. May be called again after a stop at any point.
 *
 * @throws TenancyError `TENANT_BUSY` when somebody holds a lock on something in it for too long
 */
export async function removeSchema(
  deps: LifecycleDeps,
  session: Session,
  schemaName: string,
  options: RemovalOptions,
): Promise<void> {
  const { schema } = deps.driver.dialect;
  const patience = new Patience(deps.settings.lockTimeoutMs);
  const attempt = (fn: (tx: Transaction) => Promise<void>): Promise<void> =>
    withPatience(deps, session, patience, options.tenant, fn);
  for (let size = BATCH + 1; ; size = LISTED) {
    const objects = await listObjects(deps, session, schemaName, size);
    if (objects.length <= BATCH) break;
    for (let from = 0; from < objects.length; from += BATCH) {
      const text = schema.dropObjects(objects.slice(from, from + BATCH));
      await attempt((tx) => tx.script(text));
      options.onCommitted?.();
    }
  }
  await attempt(async (tx) => {
    await tx.script(schema.drop(schemaName));
    await options.atLast?.(tx);
  });
}

async function listObjects(
  { driver }: LifecycleDeps,
  session: Session,
  schemaName: string,
  limit: number,
): Promise<SchemaObject[]> {
  const { params, text } = driver.dialect.schema.listObjects(schemaName, limit);
  return (await session.query<SchemaObject>(GLOBAL_SCOPE, text, params)).rows;
}

/** How much longer to try. */
class Patience {
  readonly #deadline: number;

  constructor(timeoutMs: number) {
    this.#deadline = performance.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }
}

/**
 * Several short waits instead of a long one: in the pauses between them, others get through.
 *
 * @throws TenancyError `TENANT_BUSY`
 */
async function withPatience(
  { driver }: LifecycleDeps,
  session: Session,
  patience: Patience,
  tenant: string,
  fn: (tx: Transaction) => Promise<void>,
): Promise<void> {
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
    }
  }
}
