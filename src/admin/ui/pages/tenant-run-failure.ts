import type { RunDetails, RunList } from "../../contract.ts";
import { path } from "../api.ts";
import { useResource, whenRunsChange } from "../resource.ts";
import type { RunFailure } from "./tenant-problems.ts";

// A page of a tenant is not the place to read a whole fleet.
const MOST = 1_000;

/**
 * Tells how a tenant failed in the last run that has ended, if it did.
 *
 * @param isWanted - whether it matters: two requests are spared where nothing is pending
 */
export function useRunFailure(slug: string, isWanted: boolean): RunFailure | null {
  const { data } = useResource<RunList>(isWanted ? "runs" : null, { live: whenRunsChange });
  const last = data?.runs.find(({ state, verb }) => verb === "migrate" && state !== "running");
  const wanted = last !== undefined && last.counts.failed > 0 ? last.id : null;
  const run = useResource<RunDetails>(
    wanted === null ? null : `${path`runs/${wanted}`}?limit=${MOST}`,
  ).data;
  const found = run?.tenants.find((one) => one.slug === slug && one.outcome === "failed");
  if (run === undefined || found === undefined) return null;
  return { code: found.code, message: found.message, run: run.id };
}
