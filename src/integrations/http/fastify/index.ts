export { healthHandler } from "./health.ts";
export {
  requireGlobal,
  requireTenant,
  tenantPlugin,
  type FastifyHandler,
  type GuardHook,
  type GuardOptions,
  type TenantPluginOptions,
} from "./tenant-plugin.ts";
export { rewriteUrl } from "./rewrite-url.ts";
export type { HealthOptions, HealthTenancy } from "../shared/health.ts";
export type { HttpOptions, HttpTenancy } from "../shared/options.ts";
export type { Refusal, RefusalKind } from "../shared/status.ts";
export type { TrustProxy } from "../shared/trust-proxy.ts";
