import type { Driver } from "../../../src/core/driver.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import { fakeTenant } from "../../support/pg-world.ts";
import { attach, locked, migratorOf } from "./migrate-world.ts";

async function open(name: string, uri: string): Promise<Driver> {
  if (name === "mariadb") {
    const { mariadb } = await import("../../../src/drivers/mariadb/index.ts");
    return mariadb({ uri });
  }
  const { mysql2 } = await import("../../../src/drivers/mysql2/index.ts");
  return mysql2({ uri });
}

/** Migrates one tenant from a folder, or with a function that ends its process behind a statement. */
const [name = "", url = "", globalSchema = "", slug = "", schemaName = "", source = ""] =
  process.argv.slice(2);
const dying: Migration = {
  name: "dying",
  up: async (db) => {
    await db.query("insert into log values ('before')");
    await db.query("create table made (id int)");
    await db.query("insert into log values ('after')");
    process.kill(process.pid, "SIGKILL");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  version: "1",
};
const driver = attach(await open(name, url), globalSchema);
const tenant = fakeTenant(slug, { schemaName });
const migrator = migratorOf(driver, globalSchema, source === "function" ? [dying] : source);
await locked(driver, tenant, (session) => migrator.migrate(session, tenant));
await driver.close();
