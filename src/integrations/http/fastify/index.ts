export { askHandler } from "./ask.ts";
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
export { rewriteUrl } from "../common/rewrite-url.ts";
export type { AskOptions, AskTenancy } from "../common/ask.ts";
export type { HealthOptions, HealthTenancy } from "../common/health.ts";
export type { HttpOptions, HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
