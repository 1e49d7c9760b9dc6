import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Migration } from "../../../src/core/migrator.ts";
import type { World } from "../lifecycle/world.ts";
import type { FleetOrder, FleetReport } from "./fleet-process.ts";

const PROCESS = fileURLToPath(new URL("fleet-process.ts", import.meta.url));

/**
 * Has another process migrate the fleet.
 *
 * @returns what it says at its end; `undefined` if it was killed before
 */
export async function startFleet(
  { engine, schema, url }: World,
  migrations: readonly Migration[],
  given: Pick<FleetOrder, "kill"> & Partial<Pick<FleetOrder, "options">> = {},
): Promise<FleetReport | undefined> {
  const order: FleetOrder = {
    engine: engine.name,
    migrations,
    options: {},
    tenantPrefix: schema(""),
    url,
    ...given,
  };
  try {
    const args = ["--no-warnings", PROCESS, JSON.stringify(order)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as FleetReport;
  } catch (error) {
    if ((error as { signal?: unknown }).signal === "SIGKILL") return undefined;
    throw error;
  }
}
