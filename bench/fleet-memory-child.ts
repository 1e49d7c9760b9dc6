// A process of its own, as its memory is measured: `fleet-memory.ts` starts it.
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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
  /** What is still in use of its heap when all that is not was collected. */
  readonly liveMb: number;
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
const endMb = residentMb();
const peakMb = process.resourceUsage().maxRSS / 1_024;
collectGarbage();
const liveMb = getHeapStatistics().used_heap_size / 2 ** 20;
await tenancy.close();
const memory: FleetMemory = { endMb, liveMb, peakMb, startMb, tenants: counts.changed };
process.stdout.write(JSON.stringify(memory));

/** Not before all else was measured: only then is it asked for. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
}
