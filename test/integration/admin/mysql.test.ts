import { afterAll, beforeAll, expect, it } from "vitest";
import type { Overview, TableList, TenantDetails } from "../../../src/admin/contract.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { type AdminClient, openClient } from "../../support/admin-client.ts";
import { describeEngines, type EngineDatabase, MYSQL2 } from "../../support/engines.ts";

describeEngines(
  "the console",
  (engine) => {
    let database: EngineDatabase;
    let tenancy: Tenancy;
    let client: AdminClient;

    beforeAll(async () => {
      database = await engine.open();
      tenancy = createTenancy({
        database: database.driver(),
        globalSchema: database.globalSchema,
        migrations: {
          global: [],
          tenant: [
            {
              down: "drop table notes",
              name: "notes",
              up: "create table notes (id int primary key)",
              version: "1",
            },
          ],
        },
        tenantPrefix: database.tenantPrefix,
      });
      await tenancy.migrateGlobal();
      client = openClient(tenancy);
    });
    afterAll(async () => {
      await tenancy.close();
      await database.drop();
    });

    it("answers as its document says there too", async () => {
      await client.operate("api/tenants", { domains: ["acme.test"], slug: "acme" });
      await client.operate("api/tenants/acme/rollback", { confirm: "acme" });
      expect((await client.get<TenantDetails>("api/tenants/acme")).health?.pending).toEqual(["1"]);
      expect(await client.operate("api/runs", { verb: "migrate" })).toMatchObject({
        counts: { changed: 1 },
        state: "done",
      });
      const { tables } = await client.get<TableList>("api/tenants/acme/tables");
      expect(tables.map(({ name }) => name)).toContain("notes");
      expect(await client.get("api/session")).toMatchObject({ engine: "mysql", hasSeed: false });
      await expect
        .poll(async () => (await client.get<Overview>("api/overview")).largest?.[0]?.slug)
        .toBe("acme");
      for (const path of ["migrations", "runs", "runs/1", "audit", "tenants?sort=createdAt"]) {
        await client.get(`api/${path}`);
      }
      const taken = await client.get("api/slug-check?slug=acme");
      expect(taken).toMatchObject({ ok: false });
      await client.operate("api/tenants/acme/drop", { confirm: "acme" });
      expect(await client.get("api/audit?tenant=acme&action=tenant.drop")).toMatchObject({
        entries: [{ outcome: "done", via: "console" }],
      });
    });
  },
  [MYSQL2],
);
