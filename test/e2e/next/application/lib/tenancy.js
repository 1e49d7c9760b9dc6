import { unstable_cache } from "next/cache";
import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { createTenancy, host, pathPrefix } from "kirayedar";
import { onePerProcess, tenantNext } from "kirayedar/next";
import { pg } from "kirayedar/pg";

export const tenancy = onePerProcess("tenancy", () => {
  globalThis.tenanciesMade = (globalThis.tenanciesMade ?? 0) + 1;
  return createTenancy({
    adminHost: "admin.example.com",
    database: pg({ connectionString: process.env.DATABASE_URL, max: 3 }),
    primaryDomain: "example.com",
    resolvers: [host(), pathPrefix("/t")],
  });
});

export const { cached, scoped, tenantAction, withTenant } = tenantNext(tenancy, {
  headers,
  notFound,
  unstable_cache,
});

export const slug = () => tenancy.currentTenant()?.slug ?? "none";

export const readNotes = async () => {
  const { rows } = await tenancy.pool.query("select body from note order by body");
  return rows.map(({ body }) => body);
};

export const listNotes = scoped(readNotes);
