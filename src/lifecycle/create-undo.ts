import type { Session, Transaction } from "../core/driver.ts";
import type { TenantRef } from "../core/tenant.ts";
import { isTenancyError, TenancyError } from "../errors/tenancy-error.ts";
import { globalQueries, globalWrites, type LifecycleDeps } from "./deps.ts";
import { removeLeftover } from "./take-up.ts";
import { withSlugLock } from "./tenant-lock.ts";

/** What one call of `create` may have made and not yet undone: a row, perhaps with a schema. */
export interface Attempt {
  /** The row, by its slug while it is being written; absent when there is nothing to undo. */
  made: TenantRef | undefined;
  /**
   * Whose the row is: `own`, made by this call; `adopted`, the application's, which this call has
   * made a tenant; or `unsure`, as it was left by another call, or nobody knows.
   */
  row: "own" | "adopted" | "unsure";
  /** Whether the server has said that a schema of that name was there before, which then is not ours. */
  isForeign: boolean;
}

/** Undoes a failed creation on its own connection. What does not succeed is left in `attempt`. */
export async function undoAtOnce(
  deps: LifecycleDeps,
  session: Session,
  attempt: Attempt,
): Promise<void> {
  if (attempt.made === undefined) return;
  try {
    await undo(deps, session, attempt.made, attempt);
    attempt.made = undefined;
  } catch {
    // The connection may be what failed: it is tried again on another one, which reports.
  }
}

/**
 * Undoes a failed creation on a new connection, after its own has failed at that too. If that is
 * impossible the row is marked `failed`; both it and a row that stays `provisioning` are taken up by
 * the next `create`.
 *
 * @throws TenancyError with both errors, when not even that helped
 */
export async function undoAfterwards(
  deps: LifecycleDeps,
  slug: string,
  attempt: Attempt,
  error: unknown,
): Promise<void> {
  const { made } = attempt;
  if (made === undefined) return;
  try {
    await withSlugLock(deps, slug, (session) => undo(deps, session, made, attempt));
  } catch (second) {
    await markFailed(deps, slug, made);
    throw new TenancyError(
      isTenancyError(error) ? error.code : "INVALID_STATE",
      `The tenant "${slug}" could not be created, and what was made of it could not be removed.`,
      {
        cause: new AggregateError([error, second]),
        remedy: "Repeat `create`, or `drop` it, when the causes are mended; see both of them.",
        tenant: slug,
      },
    );
  }
}

/**
 * Only what is still as this call left it. Under the slug's lock a row in state `provisioning` is
 * this call's own, or one that it took up; and if the row is gone its schema is too, as both end in
 * one transaction. A row that was there before stays.
 */
async function undo(
  deps: LifecycleDeps,
  session: Session,
  made: TenantRef,
  { isForeign, row }: Attempt,
): Promise<void> {
  const { registry } = deps;
  const found = await registry.get(globalQueries(session), made);
  if (found?.state !== "provisioning") return;
  const atLast = async (tx: Transaction): Promise<void> => {
    if (row === "own") await registry.remove(tx, found.id);
    else if (row === "adopted") await registry.release(tx, found.id);
    else await registry.update(tx, found.id, { state: "failed" }, ["provisioning"]);
  };
  if (isForeign) await globalWrites(session, atLast);
  else await removeLeftover(deps, session, found, atLast);
}

async function markFailed(deps: LifecycleDeps, slug: string, made: TenantRef): Promise<void> {
  const { registry } = deps;
  try {
    await withSlugLock(deps, slug, (session) =>
      globalWrites(session, async (tx) => {
        const row = await registry.get(tx, made);
        if (row !== undefined) {
          await registry.update(tx, row.id, { state: "failed" }, ["provisioning"]);
        }
      }),
    );
  } catch {
    // The row stays `provisioning` with a free lock, which says the same.
  }
}
