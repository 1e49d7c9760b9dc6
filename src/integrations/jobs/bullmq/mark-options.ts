import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type JobMark, keyFor, MARK_FIELD } from "../common/mark.ts";

/** What is read of a job's options. */
interface Options {
  readonly jobId?: string;
  readonly repeat?: unknown;
  readonly debounce?: { readonly id?: string };
  readonly deduplication?: { readonly id?: string };
}

/** A job of `addBulk`, or a node of a flow. */
export interface MarkableJob {
  /** Its options. */
  readonly opts?: object;
  /** Jobs that come before it, in a flow. */
  readonly children?: readonly MarkableJob[];
}

/**
 * Returns a job's options with its mark in them, and its ids in the tenant's own space.
 *
 * Options survive what data do not: `updateData`, retries, delays, and the jobs that a schedule makes.
 *
 * @throws TenancyError `INVALID_QUERY` for `repeat`, whose schedules all tenants would share
 */
export function markOptions(options: object | undefined, mark: JobMark): object {
  const { debounce, deduplication, jobId, repeat } = (options ?? {}) as Options;
  if (repeat !== undefined) {
    const fact = "A job was added with `repeat`, whose schedules are not told apart by tenant.";
    throw new TenancyError("INVALID_QUERY", fact, { remedy: "Use `upsertJobScheduler`." });
  }
  return {
    ...options,
    // To BullMQ an empty id is none; as a tenant's it would be that of all jobs without one.
    ...(jobId && { jobId: keyFor(mark, jobId) }),
    ...(debounce?.id && { debounce: withKey(debounce, debounce.id, mark) }),
    ...(deduplication?.id && { deduplication: withKey(deduplication, deduplication.id, mark) }),
    // Last: nothing that came with the options may stand for it.
    [MARK_FIELD]: mark,
  };
}

/** Does the same for a job, and for those that come before it in a flow. */
export function markJob<Job extends MarkableJob>(job: Job, mark: JobMark): Job {
  const { children } = job;
  return {
    ...job,
    opts: markOptions(job.opts, mark),
    ...(children && { children: children.map((child) => markJob(child, mark)) }),
  };
}

function withKey(given: object, id: string, mark: JobMark): object {
  return { ...given, id: keyFor(mark, id) };
}
