import type { Queryable } from "../../../core/driver.ts";
import type { Explicit } from "../common/producer.ts";

/** The part of Graphile Worker's utilities, runner or helpers that enqueues. */
export interface AddJobs {
  /** Enqueues a job. */
  addJob(identifier: never, payload: never, spec?: never): Promise<unknown>;
  /** Enqueues several jobs; from Graphile Worker 0.17 on. */
  addJobs?(specs: never, preserveRunAt?: boolean): Promise<unknown>;
}

/** What `tenantJobs` takes over, with the library's own types. */
export type JobProducer<Utils extends AddJobs> = Pick<
  Utils,
  Extract<keyof Utils, keyof AddJobs>
> & {
  /** Returns the key of a job of this scope that was given this key. */
  keyOf(key: string): string;
  /** Returns a payload as the queue stores it, for cron items and for SQL of one's own. */
  payloadOf(payload?: unknown): unknown;
  /**
   * Returns what enqueues in a transaction, or on one connection: what is enqueued with it is there
   * when the transaction commits, and never if it rolls back.
   */
  within(tx: Pick<Queryable, "query">): Pick<Utils, "addJob">;
};

/** Enqueues jobs that carry the tenant in whose scope they are enqueued. */
export type TenantJobs<Utils extends AddJobs> = JobProducer<Utils> & Explicit<JobProducer<Utils>>;

/** A client of `pg`. */
export interface WorkerClient {
  /** Runs one statement. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Gives it back to its pool. */
  release(): void;
}

/** The part of a task's helpers that is used. */
export interface HelpersLike {
  /** The job that runs. */
  readonly job: { readonly id: string; readonly payload: unknown };
  /** Lends a client. */
  withPgClient<T>(callback: (client: WorkerClient) => Promise<T>): Promise<T>;
  /** Enqueues a job. */
  addJob(identifier: never, payload: never, spec?: never): Promise<unknown>;
}

/** Any task. */
// oxlint-disable-next-line typescript/no-explicit-any -- as Graphile Worker declares tasks
export type TaskLike = (payload: any, helpers: any) => unknown;

/** What enqueues needs to know of the library. */
export interface TenantJobsOptions {
  /** The schema of Graphile Worker's tables. Default `"graphile_worker"`. */
  readonly schema?: string;
}
