export { askHandler } from "./ask.ts";
export { healthHandler } from "./health.ts";
export { stripTenantPath } from "./strip-tenant-path.ts";
export {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
  type GuardOptions,
  type H3Handler,
  type H3Options,
} from "./tenant-middleware.ts";
export type { AskOptions, AskTenancy } from "../common/ask.ts";
export type { HealthOptions, HealthTenancy } from "../common/health.ts";
export type { HttpOptions, HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
