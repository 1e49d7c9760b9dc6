import { redirect } from "next/navigation";
import { slug, withTenant } from "../../lib/tenancy.js";

export const GET = withTenant(() => redirect(`/of-${slug()}`));
