import type { Explicit } from "../common/producer.ts";
import type { JobOptions } from "../common/options.ts";

/** Where pg-boss runs its SQL. */
export interface BossDb {
  /** Runs one statement. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as pg-boss declares it
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
}

/** The part of `PgBoss` that is used, so that pg-boss stays an optional peer. */
export interface BossLike {
  /** Enqueues a job. */
  send(name: never, data?: never, options?: never): Promise<unknown>;
  /** Enqueues several jobs. */
  insert(name: string, jobs: never, options?: never): Promise<unknown>;
  /** Enqueues a job at intervals. */
  schedule(name: string, cron: string, data?: never, options?: never): Promise<unknown>;
  /** Takes jobs from a queue. */
  work(name: string, options: never, handler: never): Promise<string>;
  /** Settles jobs as done. */
  complete(name: string, id: never, data?: never): Promise<unknown>;
  /** Settles jobs as failed. */
  fail(name: string, id: never, data?: never): Promise<unknown>;
  /** Returns where it runs its SQL. */
  getDb(): BossDb;
}

/** Functions of pg-boss that enqueue, or change what is enqueued. */
export type EnqueueName =
  | "send"
  | "sendAfter"
  | "sendThrottled"
  | "sendDebounced"
  | "insert"
  | "publish"
  | "schedule"
  | "unschedule"
  | "flow"
  | "update"
  | "upsert";

/** What `tenantBoss` takes over, as far as this version of pg-boss has it, with its own types. */
export type BossProducer<Boss extends BossLike> = Pick<Boss, Extract<keyof Boss, EnqueueName>> & {
  /** Returns the key of a job or schedule of this scope that was given this key, or none. */
  keyOf(key: string): string;
};

/** A job as a handler gets it: with `includeMetadata` it has the rest of pg-boss's fields too. */
export interface BossJob<Data = unknown> {
  /** Id of the job. */
  readonly id: string;
  /** Name of the queue. */
  readonly name: string;
  /** The data as they were enqueued. */
  readonly data: Data;
}

/** pg-boss's own options of `work`, of the version that is used. */
export interface WorkOptionsLike {
  /** How many jobs are fetched at once; each is handled on its own. */
  readonly batchSize?: number;
  /** Whether jobs have all of pg-boss's fields. */
  readonly includeMetadata?: boolean;
  /** How often to look for jobs. */
  readonly pollingIntervalSeconds?: number;
  /** Whatever else this version of pg-boss knows, but for `transactional` and `perJobResults`. */
  readonly [option: string]: unknown;
}

/** How `tenantBoss` enqueues and runs jobs. */
export interface TenantBossOptions extends JobOptions {
  /** The schema of pg-boss's tables, as pg-boss was given it. Default `"pgboss"`. */
  readonly schema?: string;
}

/** What handles the jobs of a queue, one by one. */
export type BossHandler<Job, Result> = (job: Job) => Promise<Result>;

/** pg-boss with jobs that carry their tenant and run in it. */
export type TenantBoss<Boss extends BossLike> = BossProducer<Boss> &
  Explicit<BossProducer<Boss>> & {
    /**
     * Handles the jobs of a queue, each in the scope of its tenant. Those of one batch are handled at
     * the same time and settled one by one: a job that fails does not fail the others.
     *
     * @returns the id of the worker, for `offWork`
     * @throws TenancyError `INVALID_CONFIG` in a tenant's scope, for `transactional` and
     *   `perJobResults`, and if pg-boss's tables are not where `schema` says
     */
    work<Job extends BossJob = BossJob, Result = unknown>(
      name: string,
      handler: BossHandler<Job, Result>,
    ): Promise<string>;
    work<Job extends BossJob = BossJob, Result = unknown>(
      name: string,
      options: WorkOptionsLike,
      handler: BossHandler<Job, Result>,
    ): Promise<string>;
  };
