import { withTenant } from "../../lib/tenancy.js";

export const GET = withTenant(async () => {
  throw new Error("thrown on purpose");
});
