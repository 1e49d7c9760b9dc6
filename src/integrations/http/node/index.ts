export { askHandler } from "./ask.ts";
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
export {
  tenantWebSockets,
  type WebSocketOptions,
  type WebSocketServerLike,
} from "./web-sockets.ts";
export type { ConnectHandler, ConnectMiddleware, ConnectNext } from "../common/connect.ts";
export type { AskOptions, AskTenancy } from "../common/ask.ts";
export type { HealthOptions, HealthTenancy } from "../common/health.ts";
export type { HttpOptions, HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
