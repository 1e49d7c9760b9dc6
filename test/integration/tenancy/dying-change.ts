import type { Driver } from "../../../src/core/driver.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";

async function open(name: string, address: string): Promise<Driver> {
  if (name === "pg") {
    const { pg } = await import("../../../src/drivers/pg/index.ts");
    return pg({ connectionString: address });
  }
  const { mariadb } = await import("../../../src/drivers/mariadb/index.ts");
  return mariadb({ uri: address });
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
  // Nothing runs until the signal arrives.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Begins a change on somebody's behalf, and kills itself without warning in the midst of it. */
const [name = "", url = "", tenantPrefix = "", verb = "", slug = ""] = process.argv.slice(2);
const tenancy = createTenancy({
  database: await open(name, url),
  hooks: { beforeCreate: die, beforeDrop: die },
  migrations: { global: [], tenant: [] },
  tenantPrefix,
});
await tenancy.actingAs({ id: "dying" }, async () => {
  await (verb === "drop" ? tenancy.drop(slug) : tenancy.create(slug));
});
await tenancy.close();
