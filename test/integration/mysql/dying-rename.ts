import type { Driver } from "../../../src/core/driver.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { faulty } from "../lifecycle/failing-driver.ts";

async function open(name: string, uri: string): Promise<Driver> {
  if (name === "mariadb")
    return (await import("../../../src/drivers/mariadb/index.ts")).mariadb({ uri });
  return (await import("../../../src/drivers/mysql2/index.ts")).mysql2({ uri });
}

/** Renames one tenant and kills itself without warning before one of its steps. */
const [name = "", url = "", tenantPrefix = "", id = "", slug = "", step = ""] =
  process.argv.slice(2);
const { arm, driver } = faulty(await open(name, url));
const tenancy = createTenancy({
  database: driver,
  migrations: { global: [], tenant: [] },
  tenantPrefix,
});
arm({
  isLasting: false,
  step: Number(step),
  strike: () => {
    process.kill(process.pid, "SIGKILL");
    // Nothing runs until the signal arrives.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    throw new Error("unreachable");
  },
  when: "before",
});
await tenancy.rename({ id }, { schemaName: true, slug });
await tenancy.close();
