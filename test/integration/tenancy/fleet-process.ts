import { setImmediate as nextTurn } from "node:timers/promises";
import type { Driver } from "../../../src/core/driver.ts";
import type { FleetOptions, FleetResult } from "../../../src/core/fleet.ts";
import type { Migration } from "../../../src/core/migrator.ts";
import { createTenancy } from "../../../src/tenancy/create-tenancy.ts";
import { type SessionStep, watchSessions } from "../../support/watched-driver.ts";

/** What another process is told to do. */
export interface FleetOrder {
  readonly engine: string;
  readonly url: string;
  readonly tenantPrefix: string;
  readonly migrations: readonly Migration[];
  readonly options: FleetOptions;
  /** At which step of a session it dies, from 1: before it is sent, or as soon as it is. */
  readonly kill?: { readonly step: number; readonly when: "before" | "during" };
}

/** What it says at its end. */
export type FleetReport = Pick<FleetResult, "counts" | "notReached" | "ok"> & {
  readonly failed: readonly { readonly code: unknown; readonly tenant: string }[];
};

async function open(name: string, address: string): Promise<Driver> {
  if (name === "pg") {
    const { pg } = await import("../../../src/drivers/pg/index.ts");
    return pg({ connectionString: address });
  }
  const { mysql2 } = await import("../../../src/drivers/mysql2/index.ts");
  return mysql2({ uri: address });
}

/** Nothing runs until the signal arrives. */
function die(): never {
  process.kill(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  throw new Error("unreachable");
}

const order = JSON.parse(process.argv[2] ?? "") as FleetOrder;
let steps = 0;

async function watch<T>(_step: SessionStep, run: () => Promise<T>): Promise<T> {
  steps += 1;
  if (steps !== order.kill?.step) return await run();
  if (order.kill.when === "before") die();
  void run();
  // What was written goes out at the end of this turn.
  await nextTurn();
  return die();
}

const tenancy = createTenancy({
  database: watchSessions(await open(order.engine, order.url), watch),
  migrations: { global: [], tenant: order.migrations },
  tenantPrefix: order.tenantPrefix,
});
const { counts, failed, notReached, ok } = await tenancy.migrateAll(order.options);
await tenancy.close();
const report: FleetReport = {
  counts,
  failed: failed.map(({ error, tenant }) => ({ code: (error as { code?: unknown }).code, tenant })),
  notReached,
  ok,
};
process.stdout.write(JSON.stringify(report));
