import type { Explicit } from "../common/producer.ts";

/** The part of BullMQ's `Queue` that is used, so that it stays an optional peer. */
export interface BullQueueLike {
  /** Adds a job. */
  add(name: never, data: never, options?: never): Promise<unknown>;
  /** Adds several jobs. */
  addBulk(jobs: never): Promise<unknown>;
  /** Makes or changes a schedule. */
  upsertJobScheduler(id: never, repeat: never, template?: never): Promise<unknown>;
  /** Removes a schedule. */
  removeJobScheduler(id: never): Promise<unknown>;
}

/** The part of BullMQ's `FlowProducer` that is used. */
export interface BullFlowProducerLike {
  /** Adds a tree of jobs. */
  add(flow: never, options?: never): Promise<unknown>;
  /** Adds several trees of jobs. */
  addBulk(flows: never): Promise<unknown>;
}

/** The part of BullMQ's `Job` that is used. */
export interface BullJobLike {
  /** How it was added; it also holds what the job carries of its tenant. */
  readonly opts?: object;
  /** Names the lock that the worker holds. */
  readonly token?: string | undefined;
  /** Puts it off. */
  moveToDelayed(timestamp: number, token?: string): Promise<unknown>;
}

/** What `tenantQueue` takes over of a queue, with the queue's own types. */
export type QueueProducer<Queue extends BullQueueLike> = Pick<Queue, keyof BullQueueLike> & {
  /** Returns the id of a job or schedule of this scope that was given this id. */
  keyOf(key: string): string;
};

/** A queue whose jobs carry the tenant in whose scope they are added. */
export type TenantQueue<Queue extends BullQueueLike> = QueueProducer<Queue> &
  Explicit<QueueProducer<Queue>>;

/** What `tenantFlowProducer` takes over. */
export type FlowProducer<Producer extends BullFlowProducerLike> = Pick<
  Producer,
  keyof BullFlowProducerLike
> & {
  /** Returns the id of a job of this scope that was given this id. */
  keyOf(key: string): string;
};

/** A flow producer whose jobs carry the tenant in whose scope they are added. */
export type TenantFlowProducer<Producer extends BullFlowProducerLike> = FlowProducer<Producer> &
  Explicit<FlowProducer<Producer>>;
