export {
  tenantContext,
  type CreateContextOptions,
  type TenantContext,
  type TenantContextOptions,
  type TrpcTenancy,
} from "./tenant-context.ts";
export {
  tenantScope,
  type MiddlewareOptions,
  type TenantResult,
  type TenantScopeMiddleware,
} from "./tenant-scope.ts";
export type { HttpTenancy } from "../../http/common/options.ts";
export type { TrustProxy } from "../../http/common/trust-proxy.ts";
