import { keyFor } from "../common/mark.ts";
import { type JobTenancy, unsupported } from "../common/options.ts";
import { explicitly, type MarkNow } from "../common/producer.ts";
import { type MarkableJob, markJob, markOptions } from "./mark-options.ts";
import type {
  BullFlowProducerLike,
  BullQueueLike,
  TenantFlowProducer,
  TenantQueue,
} from "./types.ts";

/** The queue without its own types, which are those of what is returned. */
interface PlainQueue {
  add(name: string, data: unknown, options?: object): Promise<unknown>;
  addBulk(jobs: readonly MarkableJob[]): Promise<unknown>;
  upsertJobScheduler(id: string, repeat: object, template?: MarkableJob): Promise<unknown>;
  removeJobScheduler(id: string): Promise<unknown>;
}

interface Flows {
  add(flow: MarkableJob, options?: object): Promise<unknown>;
  addBulk(flows: readonly MarkableJob[]): Promise<unknown>;
}

/**
 * Returns what adds jobs to a queue in the name of the tenant in force. The tenant's id goes into the
 * job's options, and the data stay as they are; ids of jobs, of schedules and of deduplication are each
 * tenant's own.
 *
 * Outside a scope its functions reject with `TENANT_REQUIRED`.
 *
 * @throws TenancyError `UNSUPPORTED_PEER`
 * @example
 * const digests = tenantQueue(tenancy, new Queue<Digest>("digests", { connection }));
 * await digests.add("weekly", { week: 12 });
 * await (await digests.forTenant("acme")).add("weekly", { week: 12 });
 */
export function tenantQueue<Queue extends BullQueueLike>(
  tenancy: JobTenancy,
  queue: Queue,
): TenantQueue<Queue> {
  for (const name of ["add", "addBulk", "upsertJobScheduler", "removeJobScheduler"] as const) {
    if (typeof queue[name] !== "function") throw unsupported("BullMQ", name);
  }
  return explicitly(tenancy, (mark) => queueForm(queue as unknown as PlainQueue, mark));
}

/** Does the same for a flow producer: every job of a flow carries the tenant. */
export function tenantFlowProducer<Producer extends BullFlowProducerLike>(
  tenancy: JobTenancy,
  producer: Producer,
): TenantFlowProducer<Producer> {
  for (const name of ["add", "addBulk"] as const) {
    if (typeof producer[name] !== "function") throw unsupported("BullMQ", name);
  }
  const flows = producer as unknown as Flows;
  return explicitly(tenancy, (mark: MarkNow) => ({
    add: async (flow: MarkableJob, options?: object) => flows.add(markJob(flow, mark()), options),
    addBulk: async (all: readonly MarkableJob[]) => {
      const now = mark();
      return flows.addBulk(all.map((flow) => markJob(flow, now)));
    },
  }));
}

function queueForm(queue: PlainQueue, mark: MarkNow): PlainQueue {
  return {
    add: async (name, data, options) => queue.add(name, data, markOptions(options, mark())),
    addBulk: async (jobs) => {
      const now = mark();
      return queue.addBulk(jobs.map((job) => markJob(job, now)));
    },
    removeJobScheduler: async (id) => queue.removeJobScheduler(keyFor(mark(), id)),
    upsertJobScheduler: async (id, repeat, template = {}) => {
      const now = mark();
      // BullMQ gives jobs without a name that of their schedule, which is not as it was given.
      const named = { name: id, ...markJob(template, now) };
      return queue.upsertJobScheduler(keyFor(now, id), repeat, named);
    },
  };
}
