import { resolve } from "node:path";
import type { Command } from "commander";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { interruptible } from "../interrupt.ts";
import { createProgress } from "../progress.ts";
import { printSeedReport } from "../seed-report.ts";
import { listSlugs, seedTenants } from "../seed-tenants.ts";
import {
  addAllOption,
  addSelectionOptions,
  requireTargets,
  type SelectionFlags,
} from "../targets.ts";

interface SeedFlags extends SelectionFlags {
  readonly file?: string;
}

const DEFAULT_CONCURRENCY = 4;

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
        const { all = false, concurrency = DEFAULT_CONCURRENCY, except, file, state } = options;
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const progress = createProgress(output, "Seeding");
        try {
          const names = all ? await listSlugs(tenancy, except, state) : slugs;
          const report = await seedTenants(tenancy, names, {
            // Named tenants are done in the order in which they are named.
            concurrency: all ? concurrency : 1,
            file: file === undefined ? undefined : resolve(file),
            progress,
            signal: interrupt.signal,
            skipsGone: all,
            stopOnError: options.stopOnError === true,
          });
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
