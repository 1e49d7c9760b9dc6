import { type Command, Option } from "commander";
import type { FleetOptions } from "../core/fleet.ts";
import { failureLimit, rate, words } from "./option-parsers.ts";
import type { ProgressDisplay } from "./progress.ts";
import { addTargetOptions, type TargetFlags } from "./targets.ts";
import { usageError } from "./usage-error.ts";

/** Options of commands that work through the whole fleet. */
export interface FleetFlags extends TargetFlags {
  /** Tenants that are done before all others. */
  readonly canary?: readonly string[];
  /** How many may fail. */
  readonly maxFailures?: number | `${number}%`;
  /** Tenants begun per second. */
  readonly perSecond?: number;
  /** Whether the last run is taken up. */
  readonly resume?: boolean;
  /** Whether each tenant's history is read. */
  readonly verify?: boolean;
}

/** Adds the options of {@link FleetFlags}, but for `verify`, which not all of them have. */
export function addFleetOptions(command: Command, ownOptions: readonly string[]): Command {
  return addTargetOptions(command)
    .option(
      "--canary <slugs>",
      "with --all: these first, and the others only if they are well",
      words,
    )
    .addOption(
      new Option(
        "--max-failures <limit>",
        "with --all: in growing waves, until more have failed than this number, or share such as 5%",
      )
        .argParser(failureLimit)
        .conflicts("stopOnError"),
    )
    .option("--per-second <number>", "with --all: begin no more tenants per second", rate)
    .addOption(
      new Option(
        "--resume",
        "with --all: take up the last run that failed, stopped or died, with its options",
      ).conflicts(["canary", "except", "state", ...ownOptions]),
    );
}

/** Checks that what is said of the fleet is said with `--all`. @throws CommanderError with exit code 2 */
export function requireFleet(flags: FleetFlags): void {
  if (flags.all === true) return;
  const names = {
    canary: "canary",
    maxFailures: "max-failures",
    perSecond: "per-second",
    resume: "resume",
    verify: "verify",
  } as const;
  for (const [flag, name] of Object.entries(names)) {
    if (flags[flag as keyof typeof names] === undefined) continue;
    throw usageError(`\`--${name}\` needs \`--all\`.`);
  }
}

/** Returns the options of a run over all tenants. */
export function toFleetOptions(
  flags: FleetFlags,
  run: { readonly progress: ProgressDisplay; readonly signal: AbortSignal },
): FleetOptions {
  const { canary, concurrency, except, maxFailures, perSecond, resume, state, verify } = flags;
  return {
    ...(canary !== undefined && { canary }),
    ...(concurrency !== undefined && { concurrency }),
    ...(except !== undefined && { except }),
    ...(maxFailures !== undefined && { maxFailures }),
    ...(perSecond !== undefined && { perSecond }),
    ...(resume !== undefined && { resume }),
    ...(state !== undefined && { state }),
    ...(verify !== undefined && { verify }),
    continueOnError: flags.stopOnError !== true,
    onProgress: (progress) => run.progress.update(progress),
    signal: run.signal,
  };
}
