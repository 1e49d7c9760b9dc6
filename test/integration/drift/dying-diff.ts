import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import type { Driver } from "../../../src/core/driver.ts";
import { faulty } from "../lifecycle/failing-driver.ts";
import { OUTSIDE } from "./outside-migration.ts";

async function open(name: string, address: string): Promise<Driver> {
  if (name === "pg") {
    const { pg } = await import("../../../src/drivers/pg/index.ts");
    return pg({ connectionString: address });
  }
  const { mysql2 } = await import("../../../src/drivers/mysql2/index.ts");
  return mysql2({ uri: address });
}

/** Compares, and kills itself without warning behind one of its steps; exits with 0 if it ends before. */
const [name = "", url = "", tenantPrefix = "", step = ""] = process.argv.slice(2);
const { arm, driver } = faulty(await open(name, url));
const tenancy = createTenancy({
  database: driver,
  migrations: { global: [], tenant: OUTSIDE },
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
  when: "after",
});
await tenancy.diff();
await tenancy.close();
