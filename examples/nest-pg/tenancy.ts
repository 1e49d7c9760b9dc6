import { join } from "node:path";
import { createTenancy } from "kirayedar";
import { pg } from "kirayedar/pg";

export const tenancy = createTenancy({
  database: pg({ connectionString: process.env["DATABASE_URL"] }),
  migrations: { tenant: join(import.meta.dirname, "migrations/tenant") },
  primaryDomain: "localhost",
});
