import { type Command, Option } from "commander";
import type { FleetResult } from "../../core/fleet.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { RollbackOptions } from "../../core/migrator.ts";
import { confirm, requireConfirmable } from "../confirm.ts";
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
import { interruptedOption, requireTargets, runNamed } from "../targets.ts";

interface RollbackFlags extends FleetFlags, Omit<RollbackOptions, "all"> {
  readonly everything?: boolean;
  readonly yes?: boolean;
}

/** Adds `kirayedar rollback`. */
export function addRollbackCommand(program: Command): void {
  const command = program
    .command("rollback [slugs...]")
    .summary("undo the newest migrations, one unless told otherwise")
    .description(
      "Undoes the newest migrations, one unless told otherwise, of the tenants named, of all of " +
        "them, or of the global schema.",
    );
  addFleetOptions(command, ["to", "toExclusive", "steps", "everything"])
    .addOption(
      new Option("--steps <number>", "so many (default: 1)")
        .argParser(positiveInteger())
        .conflicts(["to", "toExclusive", "everything"]),
    )
    .addOption(
      new Option("--to <version>", "all that is newer than this version, and it too").conflicts([
        "toExclusive",
        "everything",
      ]),
    )
    .addOption(
      new Option(
        "--to-exclusive <version>",
        "all that is newer than this version, but not it",
      ).conflicts("everything"),
    )
    .option("--everything", "every migration there is")
    .addOption(interruptedOption())
    .option("--dry-run", "tell what would be done, and do nothing")
    .option("--yes", "do not ask for confirmation")
    .action(
      action<RollbackFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        requireTargets(slugs, options);
        requireFleet(options);
        await confirmRollback(options);
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const progress = createProgress(output, "Rolling back");
        try {
          const run = { how: toRollbackOptions(options), options, progress, slugs };
          const fleet = await rollbackTenants(tenancy, { ...run, signal: interrupt.signal });
          progress.end();
          // Tenants may refer to global tables: those go last, and only if no tenant was left behind.
          const global =
            options.global === true && fleet?.ok !== false
              ? await tenancy.rollbackGlobal(run.how)
              : undefined;
          const dryRun = options.dryRun === true;
          const verbose = options.verbose === true;
          const goOn = goOnHint("rollback", fleet, isBySteps(options));
          const report = {
            done: "rolled back",
            dryRun,
            fleet,
            global,
            verb: "rollback",
            ...goOn,
          } as const;
          printFleetReport(report, output, { verbose });
          return fleet?.ok === false ? EXIT_FAILED : EXIT_OK;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

function isBySteps({ everything, resume, to, toExclusive }: RollbackFlags): boolean {
  return everything !== true && resume !== true && (to ?? toExclusive) === undefined;
}

async function confirmRollback(options: RollbackFlags): Promise<void> {
  const isLarge = options.all === true || options.everything === true;
  if (!isLarge || options.dryRun === true) return;
  requireConfirmable(options.all === true ? "rollback --all" : "rollback --everything", options);
  if (options.yes === true) return;
  const what = options.everything === true ? "every migration" : "the newest migrations";
  const where = options.all === true ? "all tenants" : "what was named";
  await confirm({ message: `This undoes ${what} of ${where}, with the data in them. Go on?` });
}

function toRollbackOptions(flags: RollbackFlags): RollbackOptions {
  const { dryRun, everything, interrupted, steps, to, toExclusive } = flags;
  return {
    ...(steps !== undefined && { steps }),
    ...(to !== undefined && { to }),
    ...(toExclusive !== undefined && { toExclusive }),
    ...(everything === true && { all: true }),
    ...(dryRun !== undefined && { dryRun }),
    ...(interrupted !== undefined && { interrupted }),
  };
}

interface RollbackRun {
  readonly how: RollbackOptions;
  readonly options: RollbackFlags;
  readonly progress: ProgressDisplay;
  readonly signal: AbortSignal;
  readonly slugs: readonly string[];
}

async function rollbackTenants(
  tenancy: Tenancy,
  { how, options, progress, signal, slugs }: RollbackRun,
): Promise<FleetResult | undefined> {
  if (options.all === true) {
    return tenancy.rollbackAll({ ...toFleetOptions(options, { progress, signal }), ...how });
  }
  if (slugs.length === 0) return undefined;
  // As of a fleet, with what each migration is.
  if (how.dryRun === true) return tenancy.rollbackAll({ only: slugs, signal, ...how });
  const stopOnError = options.stopOnError === true;
  return runNamed(slugs, (slug) => tenancy.rollback(slug, how), { progress, signal, stopOnError });
}
