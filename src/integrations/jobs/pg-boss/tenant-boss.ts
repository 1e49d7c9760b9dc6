import type { Queryable } from "../../../core/driver.ts";
import { type JobTenancy, parseJobOptions, unsupported } from "../common/options.ts";
import { explicitly } from "../common/producer.ts";
import { makeProducer } from "./producer.ts";
import type {
  BossDb,
  BossHandler,
  BossLike,
  TenantBoss,
  TenantBossOptions,
  WorkOptionsLike,
} from "./types.ts";
import { work } from "./work.ts";

const NEEDED = ["send", "insert", "schedule", "work", "complete", "fail", "getDb"] as const;

/**
 * Returns what enqueues jobs in the name of the tenant in force, and handles each in its tenant's scope.
 * The tenant's id goes into the job's data, beside its own fields, and is taken out again before a
 * handler sees them; keys are each tenant's own.
 *
 * Outside a scope the functions that enqueue reject with `TENANT_REQUIRED`. A job whose tenant is gone
 * fails for good; one whose tenant may not be entered now waits, which counts as no attempt.
 *
 * @param boss - pg-boss, on connections of its own
 * @throws TenancyError `INVALID_CONFIG` for a wrong option and in a tenant's scope, `UNSUPPORTED_PEER`
 * @example
 * const jobs = tenantBoss(tenancy, boss);
 * await jobs.work("digest", async (job: Job<Digest>) => { await sendDigest(job.data.week); });
 * await jobs.send("digest", { week: 12 });
 */
export function tenantBoss<Boss extends BossLike>(
  tenancy: JobTenancy,
  boss: Boss,
  options: TenantBossOptions = {},
): TenantBoss<Boss> {
  for (const name of NEEDED) {
    if (typeof boss[name] !== "function") throw unsupported("pg-boss", name);
  }
  const settings = parseJobOptions(tenancy, options, ["schema"]);
  const { schema = "pgboss" } = options;
  const worker = (
    name: string,
    first: WorkOptionsLike | BossHandler<never, unknown>,
    second?: BossHandler<never, unknown>,
  ): Promise<string> => {
    const [given, handler] = typeof first === "function" ? [{}, first] : [first, second];
    return work({ boss, schema, settings, tenancy }, name, given, handler as never);
  };
  return {
    ...explicitly(tenancy, (mark) => makeProducer(boss, mark)),
    work: worker,
  } as never;
}

/**
 * Returns a transaction as pg-boss's option `db` wants it: what is enqueued with it is there when the
 * transaction commits, and never if it rolls back.
 *
 * @example
 * await tenancy.transaction(async (tx) => {
 *   await tx.query("insert into orders (id) values ($1)", [id]);
 *   await jobs.send("confirm", { id }, { db: transactionDb(tx) });
 * });
 */
export function transactionDb(tx: Pick<Queryable, "query">): BossDb {
  return {
    executeSql: async (text, values) => {
      const { rows } = await tx.query(text, values);
      return { rows };
    },
  };
}
