import type { Command } from "commander";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { printFleetReport } from "../fleet-report.ts";
import { interruptible } from "../interrupt.ts";
import { positiveInteger } from "../option-parsers.ts";
import { createProgress } from "../progress.ts";
import { interruptedOption, runNamed } from "../targets.ts";

interface RedoFlags {
  readonly interrupted?: "repeat" | "skip";
  readonly steps?: number;
}

/** Adds `kirayedar redo`. */
export function addRedoCommand(program: Command): void {
  const command = program
    .command("redo <slugs...>")
    .summary("undo the newest migration of tenants, and apply it again")
    .description("Undoes the newest migrations of tenants, and applies them again.")
    .option("--steps <number>", "so many (default: 1)", positiveInteger())
    .addOption(interruptedOption())
    .action(
      action<RedoFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenant in hand");
        const progress = createProgress(output, "Redoing");
        const { interrupted, steps } = options;
        const how = {
          ...(steps !== undefined && { steps }),
          ...(interrupted !== undefined && { interrupted }),
        };
        try {
          const fleet = await runNamed(slugs, (slug) => tenancy.redo(slug, how), {
            progress,
            signal: interrupt.signal,
            stopOnError: false,
          });
          progress.end();
          printFleetReport({ done: "redone", dryRun: false, fleet, global: undefined }, output, {
            verbose: options.verbose === true,
          });
          return fleet.ok ? EXIT_OK : EXIT_FAILED;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}
