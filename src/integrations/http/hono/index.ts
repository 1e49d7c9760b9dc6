export { healthHandler } from "./health.ts";
export {
  requireGlobal,
  requireTenant,
  tenantMiddleware,
  type GuardOptions,
  type HonoHandler,
  type HonoOptions,
  type TenantEnv,
  type TenantVariables,
} from "./tenant-middleware.ts";
export { stripTenantPath, type GetPath } from "./strip-tenant-path.ts";
export type { HealthOptions, HealthTenancy } from "../shared/health.ts";
export type { HttpOptions, HttpTenancy } from "../shared/options.ts";
export type { Refusal, RefusalKind } from "../shared/status.ts";
export type { TrustProxy } from "../shared/trust-proxy.ts";
