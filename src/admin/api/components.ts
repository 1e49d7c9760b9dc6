import type { Components } from "./check-value.ts";
import { FLEET_SCHEMAS } from "./schemas/fleet.ts";
import { TENANT_SCHEMAS } from "./schemas/tenants.ts";

/** Every named schema of the API. */
export const COMPONENTS: Components = { ...FLEET_SCHEMAS, ...TENANT_SCHEMAS };
