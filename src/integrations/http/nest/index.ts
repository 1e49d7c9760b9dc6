export { CurrentTenant, InjectTenancy, type CurrentTenantOptions } from "./decorators.ts";
export { AnyScopeRoute, GlobalRoute, TenantGuard, TenantRoute } from "./tenant-guard.ts";
export {
  TenancyModule,
  type NestHandler,
  type NestTenancy,
  type TenancyModuleAsyncOptions,
  type TenancyModuleOptions,
} from "./tenancy-module.ts";
export { rewriteUrl } from "../common/rewrite-url.ts";
export { TENANCY, TENANT_MIDDLEWARE } from "./tokens.ts";
export type { HttpOptions, HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
export type { TrustProxy } from "../common/trust-proxy.ts";
