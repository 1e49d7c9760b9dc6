import { type Command, Option } from "commander";
import type { FleetResult } from "../../core/fleet.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { MigrateOptions } from "../../core/migrator.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import {
  addFleetOptions,
  type FleetFlags,
  requireFleet,
  toFleetOptions,
} from "../fleet-options.ts";
import { printFleetReport } from "../fleet-report.ts";
import { goOnHint } from "../go-on.ts";
import { interruptible } from "../interrupt.ts";
import { positiveInteger } from "../option-parsers.ts";
import { createProgress, type ProgressDisplay } from "../progress.ts";
import { interruptedOption, phaseOption, requireTargets, runNamed } from "../targets.ts";

interface MigrateFlags extends FleetFlags, MigrateOptions {}

/** Adds `kirayedar migrate`. */
export function addMigrateCommand(program: Command): void {
  const command = program
    .command("migrate [slugs...]")
    .summary("apply pending migrations to tenants or the global schema")
    .description(
      "Applies what is pending, to the tenants named, to all of them, or to the global schema. " +
        "Goes on when a tenant fails, and reports.",
    );
  addFleetOptions(command, ["to", "toExclusive", "steps", "phase"])
    .option("--verify", "with --all: believe each tenant's own history, not the registry")
    .addOption(
      new Option("--to <version>", "up to this version, and it too").conflicts("toExclusive"),
    )
    .option("--to-exclusive <version>", "up to this version, but not it")
    .option("--steps <number>", "so many", positiveInteger())
    .addOption(
      phaseOption("only those that `expand`, before a deployment, or `contract`, after it"),
    )
    .addOption(interruptedOption())
    .option("--dry-run", "tell what would be done, and do nothing")
    .action(
      action<MigrateFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        requireTargets(slugs, options);
        requireFleet(options);
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const progress = createProgress(output, "Migrating");
        try {
          const how = toMigrateOptions(options);
          const global = options.global === true ? await tenancy.migrateGlobal(how) : undefined;
          const run = { how, options, progress, signal: interrupt.signal, slugs };
          const fleet = await migrateTenants(tenancy, run);
          progress.end();
          const dryRun = options.dryRun === true;
          const verbose = options.verbose === true;
          const goOn = goOnHint("migrate", fleet, options.steps !== undefined);
          const report = { done: "migrated", dryRun, fleet, global, ...goOn };
          printFleetReport(report, output, { verbose });
          return fleet?.ok === false ? EXIT_FAILED : EXIT_OK;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

function toMigrateOptions(flags: MigrateFlags): MigrateOptions {
  const { dryRun, interrupted, phase, steps, to, toExclusive } = flags;
  return {
    ...(to !== undefined && { to }),
    ...(toExclusive !== undefined && { toExclusive }),
    ...(steps !== undefined && { steps }),
    ...(phase !== undefined && { phase }),
    ...(dryRun !== undefined && { dryRun }),
    ...(interrupted !== undefined && { interrupted }),
  };
}

interface MigrateRun {
  readonly how: MigrateOptions;
  readonly options: MigrateFlags;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
  readonly slugs: readonly string[];
}

async function migrateTenants(tenancy: Tenancy, run: MigrateRun): Promise<FleetResult | undefined> {
  const { how, options, progress, signal, slugs } = run;
  if (options.all === true) {
    return tenancy.migrateAll({ ...toFleetOptions(options, { progress, signal }), ...how });
  }
  if (slugs.length === 0) return undefined;
  // As of a fleet, with what each migration is.
  if (how.dryRun === true) return tenancy.migrateAll({ only: slugs, signal, ...how });
  const stopOnError = options.stopOnError === true;
  return runNamed(slugs, (slug) => tenancy.migrate(slug, how), { progress, signal, stopOnError });
}
