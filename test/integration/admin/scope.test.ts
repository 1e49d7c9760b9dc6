import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Operation } from "../../../src/admin/contract.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { openClient } from "../../support/admin-client.ts";
import type { TestDatabase } from "../../support/create-database.ts";
import { createTestDatabase } from "../../support/database.ts";

describe("the console's scope", () => {
  let database: TestDatabase;
  let tenancy: Tenancy;
  const seen: string[] = [];

  const look = (): string => {
    const scope = tenancy.currentScope();
    return scope?.kind === "tenant" ? scope.tenant.slug : (scope?.kind ?? "none");
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    tenancy = createTenancy({
      database: pg({ connectionString: database.url }),
      hooks: {
        afterCreate: () => void seen.push(`afterCreate ${look()}`),
        beforeCreate: () => void seen.push(`beforeCreate ${look()}`),
      },
      migrations: {
        global: [{ name: "people", up: "create table people (name text)", version: "1" }],
        tenant: [{ name: "people", up: "create table people (name text)", version: "1" }],
      },
    });
    await tenancy.migrateGlobal();
    await tenancy.create("acme");
    await tenancy.scopeGlobal(() => tenancy.query("insert into people values ('ada')"));
    await tenancy.withTenant("acme", () => tenancy.query("insert into people values ('mallory')"));
  });
  afterAll(async () => {
    await tenancy.close();
    await database.drop();
  });

  it("is the global one, also behind a middleware that has entered a tenant", async () => {
    const client = openClient(tenancy, {
      authorize: async () => {
        seen.push(`authorize ${look()}`);
        const { rows } = await tenancy.query<{ name: string }>("select name from people");
        // The people of a tenant must never be taken for those who run all tenants.
        return rows.map(({ name }) => name).includes("ada")
          ? { may: "destroy", person: "ada" }
          : null;
      },
    });
    seen.length = 0;
    for (const enter of [
      <T>(fn: () => Promise<T>) => tenancy.withTenant("acme", fn),
      <T>(fn: () => Promise<T>) => tenancy.scope(fn),
      <T>(fn: () => Promise<T>) => fn(),
    ]) {
      const answer = await enter(async () => {
        const answer = await client.send("GET", "api/tenants");
        return { around: look(), status: answer.status };
      });
      expect(answer.status).toBe(200);
    }
    expect(new Set(seen)).toEqual(new Set(["authorize global"]));
  });

  it("is that of hooks, in work that goes on after the answer", async () => {
    const client = openClient(tenancy);
    seen.length = 0;
    const made = await tenancy.withTenant("acme", () =>
      client.operate("api/tenants", { slug: "globex" }),
    );
    expect(made satisfies Operation).toMatchObject({ state: "done" });
    expect(seen).toEqual(["beforeCreate global", "afterCreate globex"]);
    const { entries } = await tenancy.audit({ tenant: "globex" });
    expect(entries[0]?.actor).toEqual({ id: "ada", via: "console" });
  });
});
