export { tenantJobs } from "./tenant-jobs.ts";
export { tenantTasks, type TenantTasksOptions } from "./tenant-tasks.ts";
export type {
  AddJobs,
  HelpersLike,
  JobProducer,
  TaskLike,
  TenantJobs,
  TenantJobsOptions,
} from "./types.ts";
export type { JobOptions, JobTenancy } from "../common/options.ts";
