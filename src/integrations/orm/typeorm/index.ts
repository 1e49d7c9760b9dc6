export {
  tenantTypeorm,
  type TenantTypeorm,
  type TypeormDataSource,
  type TypeormDriver,
} from "./tenant-typeorm.ts";
