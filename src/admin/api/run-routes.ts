import type { FleetItem, FleetOptions, FleetResult } from "../../core/fleet.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Operation, RunCounts, RunRequest } from "../contract.ts";
import type { OperationHandle } from "../operations.ts";
import { explain, RequestError } from "./problem.ts";
import { defineRoute, requireConfirmation, requirePermission, type Route } from "./route.ts";
import { ref } from "./schema.ts";

/** Routes that start runs over the fleet. */
export const RUN_ROUTES: readonly Route[] = [
  defineRoute<Operation, RunRequest>({
    answer: ref("Operation"),
    body: ref("RunRequest"),
    handle: async ({ body, console: { operations, tenancy }, may, person }) => {
      const { verb } = body;
      if (verb === "rollback") {
        requirePermission(may, "destroy");
        if (body.dryRun !== true) requireConfirmation(body.confirm, "rollback");
      }
      checkRun(body);
      const action = `fleet.${verb}`;
      const dryRun = body.dryRun === true;
      // A look changes nothing, and need not wait for anybody.
      const isSame = (one: Operation): boolean => one.action === action && !one.dryRun;
      if (!dryRun && operations.running.some(isSame)) {
        throw new RequestError("INVALID_REQUEST", "Such a run is at work in this process already.");
      }
      return await operations.begin(
        { action, dryRun, person, tenant: null },
        (handle) => runFleet(tenancy, body, handle),
        { canStop: true },
      );
    },
    method: "POST",
    path: "runs",
    permission: "operate",
    status: 202,
    summary:
      "Start a run over the fleet; a rollback needs `destroy`, and `confirm` to be `rollback`",
  }),
];

/** What was taken up again has its own options, and each verb its own. */
function checkRun({ canary, only, resume, steps, verb }: RunRequest): void {
  if (verb === "migrate" && steps !== undefined) {
    throw new RequestError("INVALID_REQUEST", "`steps` says how much is rolled back.");
  }
  if (resume !== true || (canary ?? only ?? steps) === undefined) return;
  throw new RequestError(
    "INVALID_REQUEST",
    "A run that is taken up has the options that it had: leave out `canary`, `only` and `steps`.",
  );
}

async function runFleet(
  tenancy: Tenancy,
  request: RunRequest,
  handle: OperationHandle,
): Promise<string> {
  const { confirm: _, steps, verb, ...asked } = request;
  const counts = { changed: 0, failed: 0, notReached: 0, unchanged: 0 };
  const findRun = runFinder(tenancy, request, handle);
  const options: FleetOptions & { readonly steps?: number } = {
    ...asked,
    ...(steps !== undefined && { steps }),
    onProgress: ({ done, last, total }) => {
      findRun();
      counts[kindOf(last)] += 1;
      if (!last.ok) handle.fail({ ...toFailure(last.error), slug: last.tenant });
      handle.update({ counts: { ...counts }, progress: { done, total } });
    },
    signal: handle.signal,
  };
  const result =
    verb === "migrate" ? await tenancy.migrateAll(options) : await tenancy.rollbackAll(options);
  handle.update({ counts: result.counts, runId: result.runId ?? null });
  return summarise(result, request);
}

function kindOf(item: FleetItem): keyof RunCounts {
  if (!item.ok) return "failed";
  return item.versions.length > 0 ? "changed" : "unchanged";
}

function toFailure(error: Error): { readonly code: string | null; readonly message: string } {
  const { code, message } = explain(error);
  return { code: code === "INTERNAL" ? null : code, message };
}

/** Looks once for the record of the run that has just begun, which the result names only at its end. */
function runFinder(
  tenancy: Tenancy,
  { dryRun, verb }: RunRequest,
  handle: OperationHandle,
): () => void {
  const beganAt = Date.now();
  let isLookedFor = dryRun === true;
  return () => {
    if (isLookedFor) return;
    isLookedFor = true;
    tenancy.fleetRuns().then(
      (runs) => {
        const run = runs.find(
          ({ pid, startedAt, state, verb: of }) =>
            of === verb &&
            state === "running" &&
            pid === process.pid &&
            // The two clocks need not agree.
            Math.abs(startedAt.getTime() - beganAt) < 60_000,
        );
        if (run !== undefined) handle.update({ runId: run.id });
      },
      () => undefined,
    );
  };
}

function summarise({ counts, resumed, stopped }: FleetResult, request: RunRequest): string {
  const { dryRun, resume, verb } = request;
  if (resume === true && resumed === null) return "There was no run to take up.";
  const done = verb === "migrate" ? "migrated" : "rolled back";
  const would = dryRun === true ? `would be ${done}` : done;
  const parts = [
    `${counts.changed} ${would}`,
    `${counts.unchanged} had nothing to do`,
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.notReached > 0 ? [`${counts.notReached} were not reached`] : []),
  ];
  const why = {
    canary: " It ended there, as a canary failed.",
    failures: " It ended there, as too many failed.",
    signal: " It was stopped.",
  };
  return `${parts.join(", ")}.${stopped === undefined ? "" : why[stopped]}`;
}
