import type { JobOptions } from "../../../../src/integrations/jobs/common/options.ts";
import type { JobTenancy } from "../../../../src/integrations/jobs/common/options.ts";
import type { TenantRef } from "../../../../src/core/tenant.ts";

/** What a handler of the suite gets. */
export type RigHandler = (data: unknown) => Promise<unknown>;

/** Enqueues in one scope. */
export interface RigProducer {
  /** @returns the job's id, or `undefined` if the library left it out because of its key */
  add(data: unknown, key?: string): Promise<string | undefined>;
  keyOf(key: string): string;
}

/** Where a job is, in the same words for every library. */
export interface RigState {
  readonly state: "waiting" | "later" | "running" | "done" | "failed";
  /** Attempts that count. */
  readonly attempts: number;
  readonly error: string;
}

/** One queue of one library, as the suite sees it. */
export interface RigQueue extends RigProducer {
  forTenant(ref: TenantRef): Promise<RigProducer>;
  readonly global: RigProducer;
  /** Enqueues past the toolkit, with a mark that may be anything, or with none. */
  addRaw(data: object, mark?: unknown): Promise<string>;
  /** Begins to handle jobs, several at once; each may be attempted three times. */
  work(handler: RigHandler, options?: JobOptions): Promise<void>;
  /** Makes whatever waits for a time due. */
  hurry(): Promise<void>;
  stateOf(id: string): Promise<RigState>;
}

/** One library, connected. */
export interface Rig {
  /** Makes a queue that nobody else has. */
  queue(tenancy: JobTenancy): Promise<RigQueue>;
  /** Stops the workers, whose polling would slow down the tests that follow. */
  rest(): Promise<void>;
  /** Stops workers and connections, and waits for jobs that run. */
  close(): Promise<void>;
}
