import type { Queryable } from "../../../core/driver.ts";
import { quoteIdentifier } from "../../../dialects/postgres/identifier.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { type JobMark, keyFor } from "../common/mark.ts";
import { type JobTenancy, unsupported } from "../common/options.ts";
import { explicitly, type MarkNow } from "../common/producer.ts";
import { wrapTaskPayload } from "./payload.ts";
import type { AddJobs, TenantJobs, TenantJobsOptions } from "./types.ts";

/** What may be said of a job, as Graphile Worker's `TaskSpec` has it. */
interface Spec {
  readonly queueName?: string;
  readonly runAt?: Date;
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly jobKey?: string;
  readonly jobKeyMode?: string;
  readonly flags?: readonly string[];
}

interface JobSpec extends Spec {
  readonly payload: unknown;
}

interface Utils {
  addJob(identifier: string, payload: unknown, spec?: Spec): Promise<unknown>;
  addJobs?(specs: readonly JobSpec[], preserveRunAt?: boolean): Promise<unknown>;
}

/**
 * Returns what enqueues jobs in the name of the tenant in force. The tenant's id goes into the payload,
 * beside its own fields, and is taken out again before a task sees them; keys are each tenant's own.
 *
 * Outside a scope its functions reject with `TENANT_REQUIRED`.
 *
 * @param utils - what `makeWorkerUtils` or `run` returned
 * @throws TenancyError `UNSUPPORTED_PEER`, `INVALID_CONFIG`
 * @example
 * const jobs = tenantJobs(tenancy, await makeWorkerUtils({ connectionString }));
 * await jobs.addJob("digest", { week: 12 });
 * await tenancy.transaction((tx) => jobs.within(tx).addJob("digest", { week: 12 }));
 */
export function tenantJobs<Own extends AddJobs>(
  tenancy: JobTenancy,
  utils: Own,
  options: TenantJobsOptions = {},
): TenantJobs<Own> {
  if (typeof utils.addJob !== "function") throw unsupported("Graphile Worker", "addJob");
  const schema = parseSchema(options.schema);
  const plain = utils as unknown as Utils;
  return explicitly(tenancy, (mark) => ({
    ...makeProducer(plain, mark),
    payloadOf: (payload?: unknown) => wrapTaskPayload(payload, mark()),
    within: (tx: Pick<Queryable, "query">) => ({ addJob: makeAddJob(tx, schema, mark) }),
  })) as never;
}

/** Makes the functions that enqueue, as far as this version of Graphile Worker has them. */
export function makeProducer(utils: Utils, mark: MarkNow): Utils {
  const addJob: Utils["addJob"] = async (identifier, payload, spec) => {
    const now = mark();
    return utils.addJob(identifier, wrapTaskPayload(payload, now), keyed(spec ?? {}, now));
  };
  if (typeof utils.addJobs !== "function") return { addJob };
  return {
    addJob,
    addJobs: async (specs, preserveRunAt) => {
      const now = mark();
      const marked = specs.map((spec) => ({
        ...keyed(spec, now),
        payload: wrapTaskPayload(spec.payload, now),
      }));
      return utils.addJobs?.(marked, preserveRunAt);
    },
  };
}

/** Checks and quotes the name of a schema. @throws TenancyError `INVALID_CONFIG` */
export function parseSchema(schema: string | undefined = "graphile_worker"): string {
  if (typeof schema === "string" && schema !== "") return quoteIdentifier(schema);
  throw new TenancyError("INVALID_CONFIG", "The option `schema` is not the name of a schema.");
}

/** The library's own statement: its functions take no connection. */
function makeAddJob(tx: Pick<Queryable, "query">, schema: string, mark: MarkNow): Utils["addJob"] {
  const text =
    `select * from ${schema}.add_job(identifier => $1::text, payload => $2::json, ` +
    "queue_name => $3::text, run_at => $4::timestamptz, max_attempts => $5::int, " +
    "job_key => $6::text, priority => $7::int, flags => $8::text[], job_key_mode => $9::text)";
  return async (identifier, payload, given) => {
    const now = mark();
    const spec = keyed(given ?? {}, now);
    const { rows } = await tx.query<object>(text, [
      identifier,
      JSON.stringify(wrapTaskPayload(payload, now)),
      // As the library does it: what is empty is not given.
      spec.queueName || null,
      spec.runAt?.toISOString() ?? null,
      spec.maxAttempts || null,
      spec.jobKey || null,
      spec.priority || null,
      spec.flags ?? null,
      spec.jobKeyMode || null,
    ]);
    return { ...rows[0], task_identifier: identifier };
  };
}

function keyed<Given extends Spec>(spec: Given, mark: JobMark): Given {
  const { jobKey } = spec;
  // To the library an empty key is none; as a tenant's it would be that of all jobs without one.
  return jobKey ? { ...spec, jobKey: keyFor(mark, jobKey) } : spec;
}
