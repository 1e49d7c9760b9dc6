import type { Command } from "commander";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { positiveInteger } from "../option-parsers.ts";
import { formatRun, formatRuns } from "../runs-report.ts";

interface RunsFlags {
  readonly limit?: number;
}

/** Adds `kirayedar runs`. */
export function addRunsCommand(program: Command): void {
  const command = program
    .command("runs [id]")
    .summary("list the last runs over all tenants, or show one")
    .description(
      "Lists the last 50 runs of `migrate --all` and `rollback --all`; or shows one of them, with " +
        "the tenants that failed or were not reached.",
    )
    .option(
      "--limit <number>",
      "with a run: tenants that are shown (default: 100)",
      positiveInteger(),
    )
    .action(
      action<RunsFlags, [string | undefined]>(async ({ openTenancy, options, output }, id) => {
        const tenancy = await openTenancy();
        if (id === undefined) {
          const runs = await tenancy.fleetRuns();
          output.result({ runs }, () => formatRuns(runs, output.style));
          return EXIT_OK;
        }
        const { limit } = options;
        const run = await tenancy.fleetRun(id, { ...(limit !== undefined && { limit }) });
        output.result({ run: run ?? null }, () =>
          run === undefined
            ? "There is no such run; `kirayedar runs` lists those that are kept."
            : formatRun(run, output.style),
        );
        return run === undefined ? EXIT_FAILED : EXIT_OK;
      }),
    );
  addCommonOptions(command);
}
