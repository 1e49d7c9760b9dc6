import type { Driver } from "../../../src/core/driver.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { faulty } from "./failing-driver.ts";
import { twoMigrations } from "./two-migrations.ts";

async function open(name: string, address: string): Promise<Driver> {
  if (name === "pg") {
    const { pg } = await import("../../../src/drivers/pg/index.ts");
    return pg({ connectionString: address });
  }
  const { mysql2 } = await import("../../../src/drivers/mysql2/index.ts");
  return mysql2({ uri: address });
}

/** Does one operation and kills itself without warning at one of its steps; exits with 0 if it ends before. */
const [name = "", url = "", tenantPrefix = "", operation = "", step = "", when = ""] =
  process.argv.slice(2);
const { arm, driver } = faulty(await open(name, url));
const tenancy = createTenancy({
  database: driver,
  migrations: { global: [], tenant: twoMigrations(driver.dialect.name) },
  provisioning: { ready: { claim: 2, provision: 1 }[operation] ?? 0 },
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
  when: when === "before" ? "before" : "after",
});
if (operation === "provision") await tenancy.provision();
else if (operation !== "drop")
  await tenancy.create("acme", { domains: ["acme.test"], name: "Dead" });
else await tenancy.drop("acme");
await tenancy.close();
