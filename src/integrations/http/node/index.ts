export { healthHandler } from "./health.ts";
export {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
  type ConnectOptions,
  type GuardOptions,
} from "./tenant-middleware.ts";
export {
  withTenant,
  type NodeHandler,
  type NodeListener,
  type NodeOptions,
  type NodeRefusalHandler,
  type TenantRequest,
} from "./with-tenant.ts";
export { withTenantUpgrade, type UpgradeHandler, type UpgradeOptions } from "./upgrade.ts";
export type { ConnectHandler, ConnectMiddleware, ConnectNext } from "../shared/connect.ts";
export type { HealthOptions, HealthTenancy } from "../shared/health.ts";
export type { HttpOptions, HttpTenancy } from "../shared/options.ts";
export type { Refusal, RefusalKind } from "../shared/status.ts";
export type { TrustProxy } from "../shared/trust-proxy.ts";
