import { pglite } from "kirayedar/pglite";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Queryable } from "../../../src/core/driver.ts";
import type { Registry } from "../../../src/core/registry.ts";
import { GLOBAL_SCOPE } from "../../../src/core/scope.ts";
import { createRegistry } from "../../../src/registry/create-registry.ts";
import { registryMigration } from "../../../src/registry/registry-migration.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";
import { newTenant } from "./registry-world.ts";

const driver = pglite();
const on: Queryable = { query: (text, params) => driver.query(GLOBAL_SCOPE, text, params) };
let registry: Registry;

beforeAll(async () => {
  const settings = resolveSettings({ database: driver });
  driver.attach({
    currentScope: () => undefined,
    globalSchema: "public",
    logger: settings.logger,
    onSchemaMissing: () => undefined,
    sharedSchemas: [],
  });
  registry = createRegistry({ driver, settings });
  const { up } = registryMigration(driver.dialect, settings.registry);
  await driver.transaction(GLOBAL_SCOPE, (tx) => tx.script(up as string));
});
afterAll(async () => {
  await registry.close();
  await driver.close();
});

it("works on PGlite as it does on a server", async () => {
  const { domains, id } = await registry.insert(
    on,
    newTenant("acme", { domains: ["b.test", "a.test"] }),
  );
  expect(domains).toEqual(["b.test", "a.test"]);
  await registry.addDomain(on, id, "c.test", true);
  const found = await registry.lookupDomain("a.test");
  expect(found?.domains).toEqual(["c.test", "a.test", "b.test"]);
  const updated = await registry.update(on, id, { state: "active" }, ["provisioning"]);
  expect(updated?.state).toBe("active");
  const { tenants } = await registry.list(on, { search: "AC", state: "active" });
  expect(tenants).toEqual([updated]);
  const twice = registry.insert(on, newTenant("acme", { schemaName: "other" }));
  await expect(twice).rejects.toMatchObject({ code: "TENANT_EXISTS" });
  const taken = registry.insert(on, newTenant("globex", { domains: ["a.test"] }));
  await expect(taken).rejects.toMatchObject({ code: "DOMAIN_TAKEN" });
});
