import { setTimeout as sleep } from "node:timers/promises";
import type { SchemaSql } from "../core/schema-sql.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

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

  /** Waits a little, for a time that differs from others'. @returns whether there still is time */
  async pause(): Promise<boolean> {
    const pauseMs = PAUSE_MS * (0.5 + Math.random() / 2);
    if (this.leftMs <= pauseMs) return false;
    await sleep(pauseMs);
    return true;
  }
}

/**
 * Runs `fn`, again when it has waited too long for a lock. Several short waits instead of a long one:
 * in the pauses between them, others get through.
 *
 * @param tenant - slug, for messages; `undefined` for the global schema
 * @throws TenancyError `TENANT_BUSY`
 */
export async function retryOnLocks<T>(
  schema: Pick<SchemaSql, "isLockConflict">,
  patience: Patience,
  tenant: string | undefined,
  fn: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await fn();
    } catch (error) {
      if (!isLockConflict(schema, error)) throw error;
      if (await patience.pause()) continue;
      const whose =
        tenant === undefined ? "the global schema" : `the schema of the tenant "${tenant}"`;
      throw new TenancyError("TENANT_BUSY", `Somebody is using ${whose}.`, {
        cause: error,
        remedy: "Try again when the transaction that holds the lock has ended.",
        tenant,
      });
    }
  }
}

/** An error of the server, or of what explains it. */
function isLockConflict(schema: Pick<SchemaSql, "isLockConflict">, error: unknown): boolean {
  return (
    schema.isLockConflict(error) ||
    schema.isLockConflict((error as { readonly cause?: unknown } | null)?.cause)
  );
}
