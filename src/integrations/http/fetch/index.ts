export { healthHandler } from "./health.ts";
export {
  withTenant,
  type FetchHandler,
  type FetchOptions,
  type FetchRefusalHandler,
  type TenantContext,
} from "./with-tenant.ts";
export type { HealthOptions, HealthTenancy } from "../shared/health.ts";
export type { HttpOptions, HttpTenancy } from "../shared/options.ts";
export type { Refusal, RefusalKind } from "../shared/status.ts";
export type { TrustProxy } from "../shared/trust-proxy.ts";
