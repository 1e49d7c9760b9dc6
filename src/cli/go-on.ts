import type { FleetResult } from "../core/fleet.ts";
import type { FleetReport } from "./fleet-report.ts";

/** Says how to go on with a run over all tenants that did not end well. */
export function goOnHint(
  verb: "migrate" | "rollback",
  fleet: FleetResult | undefined,
  isBySteps: boolean,
): Pick<FleetReport, "goOn"> {
  // Without a record there is nothing to take up.
  if (fleet?.runId === undefined) return {};
  if (isBySteps) {
    const to = verb === "migrate" ? "--to" : "--to-exclusive";
    return { goOn: `A run by steps cannot be resumed: name the tenants, or pass \`${to}\`.` };
  }
  const command = `kirayedar ${verb} --all --resume`;
  return { goOn: `\`${command}\` takes up those that failed or were not reached.` };
}
