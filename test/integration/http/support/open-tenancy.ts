import type { Tenancy } from "../../../../src/core/tenancy.ts";
import { pg } from "../../../../src/drivers/pg/index.ts";
import { host } from "../../../../src/resolvers/host.ts";
import { pathPrefix } from "../../../../src/resolvers/path.ts";
import { createTenancy } from "../../../../src/tenancy/create-tenancy.ts";
import { createTestDatabase } from "../../../support/database.ts";

export type PgTestPool = ReturnType<typeof pg>["pool"];

/** A tenancy with a database of its own, whose tenants have notes. */
export async function openTenancy(): Promise<{
  tenancy: Tenancy<PgTestPool>;
  drop: () => Promise<void>;
  url: string;
}> {
  const { drop, url } = await createTestDatabase();
  const tenancy = createTenancy({
    adminHost: "admin.example.com",
    database: pg({ connectionString: url, max: 3 }),
    migrations: {
      global: [],
      tenant: [
        { name: "create_note", up: "create table note (body text)", version: "20260101000000" },
      ],
    },
    primaryDomain: "example.com",
    resolvers: [host(), pathPrefix("/t")],
  });
  await tenancy.migrateGlobal();
  return { drop, tenancy, url };
}
