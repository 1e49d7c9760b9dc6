import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FleetBench, FleetGroup } from "./fleet-bench.ts";
import type { FleetMemory } from "./fleet-memory-child.ts";
import type { Row } from "./row.ts";

/** The memory of a new process that migrates all tenants, finds nothing to do, and makes a report. */
export const memoryGroup: FleetGroup = {
  kinds: ["fleet/memory"],
  rows: async function* (bench) {
    const name = `fleet/memory/${bench.world.tenants}`;
    if (bench.wants(name)) yield await memoryRow(bench, name);
  },
};

async function memoryRow({ world }: FleetBench, name: string): Promise<Row> {
  const { endMb, liveMb, peakMb, startMb, tenants } = await runChild(world.url, world.nextRound());
  if (tenants !== world.tenants) throw new Error(`${tenants} tenants were migrated.`);
  return { figures: { endMb, liveMb, peakMb, startMb }, name };
}

async function runChild(url: string, rounds: number): Promise<FleetMemory> {
  const file = fileURLToPath(new URL("./fleet-memory-child.ts", import.meta.url));
  const child = spawn(process.execPath, [file, String(rounds)], {
    // An address holds a password, which a command line would show to everybody.
    env: { ...process.env, KIRAYEDAR_BENCH_URL: url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`The process that is measured ended with ${code}.`);
  return JSON.parse(printed) as FleetMemory;
}
