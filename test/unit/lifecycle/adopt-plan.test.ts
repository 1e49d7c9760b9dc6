import { expect, it } from "vitest";
import { mysql2 } from "../../../src/drivers/mysql2/index.ts";
import { pg } from "../../../src/drivers/pg/index.ts";
import { planAdopt } from "../../../src/lifecycle/adopt-plan.ts";
import { resolveSettings } from "../../../src/tenancy/settings.ts";

const onMysql = resolveSettings({ database: mysql2({ uri: "mysql://127.0.0.1:1/shop" }) });
const onPostgres = resolveSettings({
  database: pg({ connectionString: "postgres://127.0.0.1:1/none" }),
});

it.each([
  ["the server's own tables", onMysql, "mysql"],
  ["the registry's database in other letters", onMysql, "SHOP"],
  ["the catalog", onPostgres, "pg_catalog"],
])("refuses to move %s", (_what, settings, schema) => {
  for (const how of ["move", "in-place"] as const) {
    expect(() => planAdopt(settings, { as: "acme", how, schema })).toThrow(
      expect.objectContaining({ code: "INVALID_SCHEMA_NAME" }),
    );
  }
});
