// A process of its own, as its memory is measured: `fleet-memory.ts` starts it.
import { openFleet } from "./fleet-world.ts";

/** What the process has found out about itself, in megabytes. */
export interface FleetMemory {
  /** Tenants that were migrated. */
  readonly tenants: number;
  /** Resident memory before the first call. */
  readonly startMb: number;
  /** Resident memory after the last one. */
  readonly endMb: number;
  /** The most that it ever was. */
  readonly peakMb: number;
}

const url = process.env["KIRAYEDAR_BENCH_URL"] ?? "";
const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20;
const tenancy = openFleet(url, Number(process.argv[2]), {});
const startMb = residentMb();
const { counts, failed, ok } = await tenancy.migrateAll();
if (!ok) throw new Error("Not all tenants were migrated.", { cause: failed[0]?.error });
await tenancy.migrateAll();
for await (const item of tenancy.queryAll("select count(*) from item_1")) {
  if (!item.ok) throw item.error;
}
const memory: FleetMemory = {
  endMb: residentMb(),
  peakMb: process.resourceUsage().maxRSS / 1_024,
  startMb,
  tenants: counts.changed,
};
await tenancy.close();
process.stdout.write(JSON.stringify(memory));
