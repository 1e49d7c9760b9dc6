export { tenantProcessor } from "./tenant-processor.ts";
export { tenantFlowProducer, tenantQueue } from "./tenant-queue.ts";
export type {
  BullFlowProducerLike,
  BullJobLike,
  BullQueueLike,
  FlowProducer,
  QueueProducer,
  TenantFlowProducer,
  TenantQueue,
} from "./types.ts";
export type { JobOptions, JobTenancy } from "../common/options.ts";
