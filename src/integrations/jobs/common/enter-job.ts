import type { TenantHandle } from "../../../core/tenancy.ts";
import type { ErrorCode } from "../../../errors/codes.ts";
import { isTenancyError, TenancyError } from "../../../errors/tenancy-error.ts";
import { type JobMark, parseMark } from "./mark.ts";
import type { JobSettings, JobTenancy } from "./options.ts";

/** What is to be done with a job. */
export type Entrance<Pool> =
  | {
      /** Its scope may be entered. */
      readonly kind: "run";
      /** Its tenant; `undefined` in the global scope. */
      readonly handle: TenantHandle<Pool> | undefined;
      /** What the job carries. */
      readonly mark: JobMark;
      /** Calls `fn` in the job's scope. */
      run<T>(fn: () => T | PromiseLike<T>): Promise<Awaited<T>>;
    }
  /** It can never run: it carries no tenant, or one that is gone. */
  | { readonly kind: "gone"; readonly error: TenancyError }
  /** Its tenant is there, and not to be entered now. */
  | { readonly kind: "later"; readonly error: TenancyError };

/** What entering a tenant fails with: whether that will pass without anything being wrong with the job. */
const KINDS: ReadonlyMap<ErrorCode, "gone" | "later"> = new Map([
  ["INVALID_TENANT_ID", "gone"],
  ["MIGRATION_CHANGED", "later"],
  ["MIGRATION_FAILED", "later"],
  ["MIGRATION_INTERRUPTED", "later"],
  ["MIGRATION_OUT_OF_ORDER", "later"],
  // A worker that is stopped after its tenancy: jobs without another attempt would be lost.
  ["TENANCY_CLOSED", "later"],
  ["TENANT_BUSY", "later"],
  ["TENANT_NOT_ACTIVE", "later"],
  ["TENANT_NOT_FOUND", "gone"],
  ["TENANT_REQUIRED", "gone"],
]);

/**
 * Finds out what to do with a job. Only what entering the scope fails with is judged: an error of the
 * job's own work is an ordinary failure, whatever its code.
 *
 * @param carried - the mark as it was stored
 * @throws whatever else finding the tenant fails with, such as `DATABASE_UNAVAILABLE`: to be retried
 */
export async function enterJob<Pool>(
  tenancy: JobTenancy<Pool>,
  carried: unknown,
  settings: JobSettings,
): Promise<Entrance<Pool>> {
  try {
    const mark = parseMark(carried) ?? markWithoutTenant(settings);
    if ("global" in mark) {
      return { handle: undefined, kind: "run", mark, run: (fn) => tenancy.scopeGlobal(fn) };
    }
    // ISOLATION: by its id, as a slug may be another tenant's by now. integration/jobs/bullmq.test.ts
    const handle = await tenancy.tenant({ id: mark.tenant }, { allow: settings.allow });
    return { handle, kind: "run", mark, run: (fn) => handle.run(fn) };
  } catch (error) {
    const kind = isTenancyError(error) ? KINDS.get(error.code) : undefined;
    if (kind === undefined) throw error;
    return { error: explain(error as TenancyError, kind), kind };
  }
}

/** Returns an error of this job alone: that of a look-up is shared by all who waited for it. */
function explain(cause: TenancyError, kind: "gone" | "later"): TenancyError {
  const { code, tenant } = cause;
  if (code === "TENANT_REQUIRED") return cause;
  const named = tenant === undefined ? "The tenant of a job" : `The tenant of a job, "${tenant}",`;
  return kind === "gone"
    ? new TenancyError("TENANT_NOT_FOUND", `${named} is gone.`, {
        cause,
        remedy: "Remove the job: it can never run.",
        tenant,
      })
    : new TenancyError(code, `${named} is not to be entered now; the job was put off.`, {
        cause,
        tenant,
      });
}

// ISOLATION: a job that nobody marked would run in the global scope. integration/jobs/bullmq.test.ts
function markWithoutTenant({ withoutTenant }: JobSettings): JobMark {
  if (withoutTenant === "global") return { global: true };
  throw new TenancyError("TENANT_REQUIRED", "A job carries no tenant.", {
    remedy:
      'Enqueue it with what `kirayedar` offers for this queue, or set `withoutTenant: "global"`.',
  });
}
