import type * as Worker from "graphile-worker";
import {
  tenantJobs,
  tenantTasks,
} from "../../../../src/integrations/jobs/graphile-worker/index.ts";
import type { Admin } from "../../../support/engines.ts";
import type { Rig, RigProducer, RigQueue } from "./rig.ts";

interface Row {
  readonly attempts: number;
  readonly max_attempts: number;
  readonly is_due: boolean;
  readonly is_locked: boolean;
  readonly last_error: string | null;
}

/** Graphile Worker on its own connections to one database. */
export async function openGraphileWorker(
  worker: typeof Worker,
  { admin, url }: { readonly admin: Admin; readonly url: string },
): Promise<Rig> {
  const logger = new worker.Logger(() => () => undefined);
  const utils = await worker.makeWorkerUtils({ connectionString: url, logger, maxPoolSize: 4 });
  await utils.migrate();
  const runners: Worker.Runner[] = [];
  let queues = 0;
  const rest = async (): Promise<void> => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()));
  };
  return {
    close: async () => {
      await rest();
      await utils.release();
    },
    rest,
    queue: async (tenancy): Promise<RigQueue> => {
      const task = `task_${(queues += 1)}`;
      const jobs = tenantJobs(tenancy, utils);
      const form = (from: Pick<typeof jobs, "addJob" | "keyOf">): RigProducer => ({
        add: async (data, jobKey) => {
          const spec = { maxAttempts: 3, ...(jobKey !== undefined && { jobKey }) };
          return (await from.addJob(task, data, spec)).id;
        },
        keyOf: (key) => from.keyOf(key),
      });
      return {
        ...form(jobs),
        addRaw: async (data, mark) => {
          const payload = mark === undefined ? data : { ...data, kirayedar: mark };
          return (await utils.addJob(task, payload, { maxAttempts: 3 })).id;
        },
        forTenant: async (ref) => form(await jobs.forTenant(ref)),
        global: form(jobs.global),
        hurry: async () => {
          await admin.query(
            "update graphile_worker._private_jobs set run_at = now() where run_at > now()",
          );
        },
        stateOf: async (id) => {
          const { rows } = await admin.query<Row>(
            "select attempts, max_attempts, run_at <= now() as is_due, locked_at is not null as is_locked, last_error from graphile_worker._private_jobs where id = $1",
            [id],
          );
          const [row] = rows;
          if (row === undefined) return { attempts: 0, error: "", state: "done" };
          const { attempts, is_due, is_locked, last_error, max_attempts } = row;
          const waiting = is_due ? "waiting" : "later";
          const settled = attempts >= max_attempts ? "failed" : waiting;
          return { attempts, error: last_error ?? "", state: is_locked ? "running" : settled };
        },
        work: async (handler, options) => {
          const taskList = tenantTasks(tenancy, { [task]: handler }, options);
          runners.push(
            await worker.run({
              concurrency: 20,
              connectionString: url,
              logger,
              maxPoolSize: 5,
              noHandleSignals: true,
              pollInterval: 100,
              taskList: taskList as Worker.TaskList,
            }),
          );
        },
      };
    },
  };
}
