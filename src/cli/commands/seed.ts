import { resolve } from "node:path";
import type { Command } from "commander";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { createProgress } from "../progress.ts";
import { printSeedReport } from "../seed-report.ts";
import { seedAll, seedNamed } from "../seed-tenants.ts";
import {
  addAllOption,
  addSelectionOptions,
  requireTargets,
  type SelectionFlags,
} from "../targets.ts";

interface SeedFlags extends SelectionFlags {
  readonly file?: string;
}

/** Adds `kirayedar seed`. */
export function addSeedCommand(program: Command): void {
  const command = program
    .command("seed [slugs...]")
    .summary("fill tenants with the seed of the configuration, or with a file")
    .description(
      "Runs the seed of the configuration, or the file that is named, in the tenants named, or in all " +
        "of them; in one transaction each. It is not recorded: a seed must bear to run again.",
    );
  addSelectionOptions(addAllOption(command))
    .option("--file <file>", "another SQL file or module than the configured one")
    .action(
      action<SeedFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        requireTargets(slugs, options, "`--all`");
        const { file, stopOnError = false } = options;
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const { signal } = interrupt;
        const progress = createProgress(output, "Seeding");
        const path = file === undefined ? undefined : resolve(file);
        try {
          const run = { file: path, progress, signal, stopOnError };
          const report =
            options.all === true
              ? await seedAll(tenancy, options, run)
              : await seedNamed(tenancy, slugs, run);
          progress.end();
          printSeedReport(report, output, { verbose: options.verbose === true });
          return report.ok ? EXIT_OK : EXIT_FAILED;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}
