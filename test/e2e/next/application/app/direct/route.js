import { slug, withTenant } from "../../lib/tenancy.js";

export const GET = withTenant(() => Response.json(slug()));
