import type { TenantHandle } from "../../../core/tenancy.ts";

import { TenancyError } from "../../../errors/tenancy-error.ts";
import { enterJob } from "../common/enter-job.ts";
import type { JobMark } from "../common/mark.ts";
import {
  type JobOptions,
  type JobSettings,
  type JobTenancy,
  parseJobOptions,
} from "../common/options.ts";
import { unwrapTaskPayload } from "./payload.ts";
import { makeProducer, parseSchema } from "./tenant-jobs.ts";
import type { HelpersLike, TaskLike, TenantJobsOptions, WorkerClient } from "./types.ts";

/** How `tenantTasks` runs jobs. */
export interface TenantTasksOptions extends JobOptions, TenantJobsOptions {}

interface Context {
  readonly tenancy: JobTenancy;
  readonly settings: JobSettings;
  readonly schema: string;
}

/**
 * Wraps a task list: each job runs in the scope of its tenant, and its helpers (`query`, `withPgClient`,
 * `addJob`) are the tenant's too.
 *
 * A job whose tenant is gone, or that carries none, fails for good; one whose tenant may not be entered
 * now waits, which counts as no attempt.
 *
 * @throws TenancyError `INVALID_CONFIG` for a wrong option, and in a tenant's scope
 * @example
 * await run({ connectionString, taskList: tenantTasks(tenancy, {
 *   digest: async ({ week }: Digest) => { await sendDigest(week); },
 * }) });
 */
export function tenantTasks<Tasks extends Readonly<Record<string, TaskLike | undefined>>>(
  tenancy: JobTenancy,
  tasks: Tasks,
  options: TenantTasksOptions = {},
): Tasks {
  const settings = parseJobOptions(tenancy, options, ["schema"]);
  const context: Context = { schema: parseSchema(options.schema), settings, tenancy };
  const wrapped = Object.entries(tasks).map(([name, task]) => {
    if (typeof task !== "function") {
      throw new TenancyError("INVALID_CONFIG", `The task "${name}" is not a function.`);
    }
    return [name, wrapTask(context, task)];
  });
  return Object.fromEntries(wrapped) as Tasks;
}

function wrapTask({ schema, settings, tenancy }: Context, task: TaskLike): TaskLike {
  return async (stored: unknown, helpers: HelpersLike) => {
    const { mark: carried, payload } = unwrapTaskPayload(stored);
    const entrance = await enterJob(tenancy, carried, settings);
    if (entrance.kind === "run") {
      const own = scopedHelpers(helpers, payload, entrance);
      return await entrance.run(() => task(payload, own));
    }
    const { error, kind } = entrance;
    // Graphile Worker itself has no error that says so. The row is this worker's until the task ends.
    await change(helpers, schema, kind === "gone" ? GIVE_UP : POSTPONE, settings.postponeMs, error);
    throw error;
  };
}

/** As the library's own `remove_job` has it for a job that runs. */
const GIVE_UP = "attempts = max_attempts";
/** A failure adds to the time that is in the row, and the attempt was counted when the job was taken. */
const POSTPONE =
  "attempts = greatest(attempts - 1, 0), run_at = now() + $2 * interval '1 millisecond'";

async function change(
  helpers: HelpersLike,
  schema: string,
  set: string,
  postponeMs: number,
  error: TenancyError,
): Promise<void> {
  const text = `update ${schema}._private_jobs set ${set} where id = $1::bigint and locked_at is not null`;
  const { id } = helpers.job;
  const values = set === GIVE_UP ? [id] : [id, postponeMs];
  try {
    await helpers.withPgClient(async (client) => client.query(text, values));
  } catch (cause) {
    // Then it is tried again as any other, and this is tried again with it.
    error.cause = new AggregateError([error.cause, cause]);
  }
}

/**
 * The library's helpers reach its own connection, which is in no tenant's scope: a table of that name in
 * the global schema would be read in place of the tenant's.
 */
// ISOLATION: integration/jobs/graphile-worker-traps.test.ts
function scopedHelpers(
  helpers: HelpersLike,
  payload: unknown,
  { handle, mark }: { readonly handle: TenantHandle | undefined; readonly mark: JobMark },
): HelpersLike {
  const common: HelpersLike = {
    ...helpers,
    ...makeProducer(helpers, () => mark),
    job: { ...helpers.job, payload },
  };
  if (handle === undefined) return common;
  const withPgClient = async <T>(callback: (client: WorkerClient) => Promise<T>): Promise<T> => {
    const client = await connect(handle);
    try {
      return await callback(client);
    } finally {
      client.release();
    }
  };
  return {
    ...common,
    query: async (text: string, values?: unknown[]) =>
      withPgClient(async (client) => client.query(text, values)),
    withPgClient,
  } as HelpersLike;
}

async function connect({ pool, tenant }: TenantHandle): Promise<WorkerClient> {
  const own = pool as { connect?(): Promise<WorkerClient> } | undefined;
  if (typeof own?.connect === "function") return await own.connect();
  throw new TenancyError(
    "INVALID_QUERY",
    "A task asked for a client of `pg`, and has another driver.",
    {
      remedy: "Query through `tenancy.query` or `tenancy.pool`.",
      tenant: tenant.slug,
    },
  );
}
