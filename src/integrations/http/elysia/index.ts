export { askHandler } from "./ask.ts";
export { healthHandler } from "./health.ts";
export {
  tenantPlugin,
  type ElysiaHandler,
  type ElysiaOptions,
  type TenantContext,
  type TenantPlugin,
} from "./tenant-plugin.ts";
export { requireGlobal, requireTenant, type GuardHook, type GuardOptions } from "./guards.ts";
export type { AskOptions, AskTenancy } from "../common/ask.ts";
export type { HealthOptions, HealthTenancy } from "../common/health.ts";
export type { HttpOptions, HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
