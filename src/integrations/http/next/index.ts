export { onePerProcess } from "./one-per-process.ts";
export {
  tenantNext,
  type NextHandler,
  type NextTenancyOptions,
  type TenantNext,
} from "./tenant-next.ts";
export { tenantProxy, type NextProxy, type NextProxyOptions } from "./tenant-proxy.ts";
export type { CachedOptions, UnstableCache } from "./cached.ts";
export type { HttpTenancy } from "../common/options.ts";
export type { Refusal, RefusalKind } from "../common/status.ts";
