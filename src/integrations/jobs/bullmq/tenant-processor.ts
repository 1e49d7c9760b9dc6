import type { TenancyError } from "../../../errors/tenancy-error.ts";
import { enterJob } from "../common/enter-job.ts";
import { MARK_FIELD } from "../common/mark.ts";
import { type JobOptions, type JobTenancy, parseJobOptions } from "../common/options.ts";
import type { BullJobLike } from "./types.ts";

/**
 * Wraps the processor of a worker: each job runs in the scope of its tenant.
 *
 * A job whose tenant is gone, or that carries none, fails without another attempt; one whose tenant is
 * suspended, in maintenance or being migrated is delayed, which counts as no attempt.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option, and in a tenant's scope
 * @example
 * new Worker<Digest>("digests", tenantProcessor(tenancy, async (job: Job<Digest>) => {
 *   await tenancy.query("insert into digests (week) values ($1)", [job.data.week]);
 * }), { connection, concurrency: 20 });
 */
export function tenantProcessor<Job extends BullJobLike, Rest extends readonly unknown[], Result>(
  tenancy: JobTenancy,
  processor: (job: Job, ...rest: Rest) => Promise<Result>,
  options: JobOptions = {},
): (job: Job, ...rest: Rest) => Promise<Result> {
  const settings = parseJobOptions(tenancy, options);
  const process = async (job: Job, ...rest: Rest): Promise<Result> => {
    const carried = (job.opts as Readonly<Record<string, unknown>> | undefined)?.[MARK_FIELD];
    const entrance = await enterJob(tenancy, carried, settings);
    if (entrance.kind === "run") return await entrance.run(() => processor(job, ...rest));
    const { error, kind } = entrance;
    if (kind === "gone") throw named("UnrecoverableError", error);
    const [token] = rest;
    await job.moveToDelayed(
      Date.now() + settings.postponeMs,
      typeof token === "string" ? token : job.token,
    );
    throw named("DelayedError", error);
  };
  // BullMQ gives a signal to processors that take three parameters.
  return Object.defineProperty(process, "length", { value: processor.length });
}

/** BullMQ knows these errors by their names, also across the process of a sandboxed processor. */
function named(name: "UnrecoverableError" | "DelayedError", error: TenancyError): TenancyError {
  return Object.defineProperty(error, "name", { value: name });
}
