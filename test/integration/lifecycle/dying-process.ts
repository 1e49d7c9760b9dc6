import { pg } from "../../../src/drivers/pg/index.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { faulty } from "./failing-driver.ts";
import { MIGRATIONS } from "./two-migrations.ts";

/** Does one operation and kills itself without warning at one of its steps; exits with 0 if it ends before. */
const [url = "", operation = "", step = "", when = ""] = process.argv.slice(2);
const { arm, driver } = faulty(pg({ connectionString: url }));
const tenancy = createTenancy({ database: driver, migrations: { global: [], tenant: MIGRATIONS } });
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
if (operation === "create") await tenancy.create("acme", { domains: ["acme.test"], name: "Dead" });
else await tenancy.drop("acme");
await tenancy.close();
