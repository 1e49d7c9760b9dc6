export {
  tenantMikroOrm,
  type MikroOrmLike,
  type MikroOrmOptions,
  type TenantMikroOrm,
} from "./tenant-mikro-orm.ts";
