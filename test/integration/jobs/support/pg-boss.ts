import type * as PgBossModule from "pg-boss";
import type { Job, JobWithMetadata, PgBoss } from "pg-boss";
import { tenantBoss } from "../../../../src/integrations/jobs/pg-boss/index.ts";
import type { Admin } from "../../../support/engines.ts";
import type { Rig, RigProducer, RigQueue, RigState } from "./rig.ts";

const STATES: Readonly<Record<JobWithMetadata["state"], RigState["state"]>> = {
  active: "running",
  cancelled: "failed",
  completed: "done",
  created: "waiting",
  failed: "failed",
  retry: "waiting",
};

interface Row {
  readonly state: JobWithMetadata["state"];
  readonly retry_count: number;
  readonly is_started: boolean;
  readonly is_due: boolean;
  readonly output: { readonly message?: string } | null;
}

/** A pg-boss that is started, on its own connections to one database. */
export async function startBoss(
  module: typeof PgBossModule,
  url: string,
  options: PgBossModule.ConstructorOptions = {},
): Promise<PgBoss> {
  const boss = new module.PgBoss({
    connectionString: url,
    max: 5,
    schedule: false,
    supervise: false,
    ...options,
  });
  boss.on("error", () => undefined);
  await boss.start();
  return boss;
}

export async function openPgBoss(
  module: typeof PgBossModule,
  { admin, url }: { readonly admin: Admin; readonly url: string },
): Promise<Rig> {
  const boss = await startBoss(module, url);
  let queues = 0;
  const busy = new Set<string>();
  return {
    close: async () => {
      await boss.stop({ graceful: true });
    },
    rest: async () => {
      await Promise.all([...busy].map((name) => boss.offWork(name, { wait: false })));
      busy.clear();
    },
    queue: async (tenancy): Promise<RigQueue> => {
      const name = `queue_${(queues += 1)}`;
      await boss.createQueue(name, { policy: "standard", retryLimit: 2 });
      const workers: string[] = [];
      const nudge = (): void => {
        for (const worker of workers) boss.notifyWorker(worker);
      };
      const jobs = tenantBoss(tenancy, boss);
      const form = (from: Pick<typeof jobs, "send" | "keyOf">): RigProducer => ({
        add: async (data, key) => {
          const slot = key === undefined ? {} : { singletonKey: key, singletonSeconds: 600 };
          return (await from.send(name, data as object, slot)) ?? undefined;
        },
        keyOf: (key) => from.keyOf(key),
      });
      return {
        ...form(jobs),
        addRaw: async (data, mark) =>
          (await boss.send(name, mark === undefined ? data : { ...data, kirayedar: mark })) ?? "",
        forTenant: async (ref) => form(await jobs.forTenant(ref)),
        global: form(jobs.global),
        hurry: async () => {
          await admin.query(
            "update pgboss.job set start_after = now() where name = $1 and state in ('created', 'retry') and start_after > now()",
            [name],
          );
          nudge();
        },
        stateOf: async (id) => {
          nudge();
          const { rows } = await admin.query<Row>(
            "select state, retry_count, started_on is not null as is_started, start_after <= now() as is_due, output from pgboss.job where id = $1",
            [id],
          );
          const { is_due, is_started, output, retry_count, state } = rows[0]!;
          const word = STATES[state];
          return {
            attempts: is_started ? retry_count + 1 : retry_count,
            error: output?.message ?? "",
            state: word === "waiting" && !is_due ? "later" : word,
          };
        },
        work: async (handler, options) => {
          const own = tenantBoss(tenancy, boss, options);
          busy.add(name);
          for (let worker = 0; worker < 2; worker += 1) {
            const options = { batchSize: 20, pollingIntervalSeconds: 0.5 };
            const handle = async (job: Job<unknown>): Promise<unknown> => handler(job.data);
            workers.push(await own.work(name, options, handle));
          }
        },
      };
    },
  };
}
