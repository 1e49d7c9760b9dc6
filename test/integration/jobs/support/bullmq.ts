import type * as BullMQ from "bullmq";
import type { Job } from "bullmq";
import { tenantProcessor, tenantQueue } from "../../../../src/integrations/jobs/bullmq/index.ts";
import type { Rig, RigProducer, RigQueue, RigState } from "./rig.ts";

const STATES: Readonly<Record<string, RigState["state"]>> = {
  active: "running",
  completed: "done",
  delayed: "later",
  failed: "failed",
};

/**
 * BullMQ on one Redis, or on what else this version of BullMQ can keep jobs in.
 *
 * @param backend - makes BullMQ's connection to it
 */
export function openBullMQ(
  { Queue, Worker }: typeof BullMQ,
  given: object,
  backend?: typeof BullMQ.createPostgresBackend,
): Rig {
  const connection = given as BullMQ.ConnectionOptions;
  const factory = backend as never as undefined;
  const open: { waitUntilReady(): Promise<unknown>; close(): Promise<void> }[] = [];
  let queues = 0;
  const rest = async (): Promise<void> => {
    for (const one of open.splice(0).toReversed()) {
      // What is closed while it connects leaves a rejection behind that nobody handles.
      await one.waitUntilReady();
      await one.close();
    }
  };
  return {
    close: rest,
    rest,
    queue: async (tenancy): Promise<RigQueue> => {
      const name = `queue-${process.pid}-${Date.now()}-${(queues += 1)}`;
      const queue = new Queue<unknown>(
        name,
        { connection, defaultJobOptions: { attempts: 3 } },
        factory,
      );
      open.push(queue);
      const jobs = tenantQueue(tenancy, queue);
      const form = (from: Pick<typeof jobs, "add" | "keyOf">): RigProducer => ({
        add: async (data, jobId) => {
          const job = await from.add("note", data, jobId === undefined ? {} : { jobId });
          return job.id;
        },
        keyOf: (key) => from.keyOf(key),
      });
      const jobOf = async (id: string): Promise<Job> => {
        const job = await queue.getJob(id);
        if (job === undefined) throw new Error(`There is no job ${id}.`);
        return job as Job;
      };
      return {
        ...form(jobs),
        addRaw: async (data, mark) => {
          const options = (mark === undefined ? {} : { kirayedar: mark }) as BullMQ.JobsOptions;
          return (await queue.add("note", data, options)).id ?? "";
        },
        forTenant: async (ref) => form(await jobs.forTenant(ref)),
        global: form(jobs.global),
        hurry: async () => {
          for (const job of await queue.getDelayed()) await job.promote();
        },
        stateOf: async (id) => {
          const state = STATES[await (await jobOf(id)).getState()] ?? "waiting";
          // Read after its state, so that what has become of it is there.
          const job = await jobOf(id);
          return { attempts: job.attemptsMade, error: job.failedReason ?? "", state };
        },
        work: async (handler, options) => {
          const processor = tenantProcessor(
            tenancy,
            async (job: Job) => handler(job.data),
            options,
          );
          const worker = new Worker(name, processor, { concurrency: 20, connection }, factory);
          worker.on("error", () => undefined);
          open.push(worker);
          await worker.waitUntilReady();
        },
      };
    },
  };
}
