import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { createTenancy } from "kirayedar";
import { onePerProcess, tenantNext } from "kirayedar/next";
import { pg } from "kirayedar/pg";

export const tenancy = onePerProcess("tenancy", () =>
  createTenancy({
    database: pg({ connectionString: process.env["DATABASE_URL"] }),
    primaryDomain: "localhost",
  }),
);

export const { scoped, tenantAction, withTenant } = tenantNext(tenancy, { headers, notFound });
