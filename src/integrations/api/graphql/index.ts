export { tenantLoaders, type LoadingTenancy } from "./tenant-loaders.ts";
