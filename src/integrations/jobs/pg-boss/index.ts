export { tenantBoss, transactionDb } from "./tenant-boss.ts";
export type {
  BossDb,
  BossHandler,
  BossJob,
  BossLike,
  BossProducer,
  EnqueueName,
  TenantBoss,
  TenantBossOptions,
  WorkOptionsLike,
} from "./types.ts";
export type { JobOptions, JobTenancy } from "../common/options.ts";
