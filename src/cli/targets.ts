import { type Command, Option } from "commander";
import type { FleetItem, FleetResult } from "../core/fleet.ts";
import type { MigrationResult } from "../core/migrator.ts";
import type { TenantState } from "../core/tenant.ts";
import type { ProgressDisplay } from "./progress.ts";
import { positiveInteger, states, words } from "./option-parsers.ts";
import { usageError } from "./usage-error.ts";

/** Options that say which tenants a command works on. */
export interface SelectionFlags {
  /** Every tenant. */
  readonly all?: boolean;
  /** With `all`: not these slugs. */
  readonly except?: readonly string[];
  /** With `all`: only tenants in these states. */
  readonly state?: readonly TenantState[];
  /** With `all`: tenants at a time. */
  readonly concurrency?: number;
  /** Whether the first failure stops the run. */
  readonly stopOnError?: boolean;
}

/** Options that say what `migrate` and `rollback` work on. */
export interface TargetFlags extends SelectionFlags {
  /** The global schema. */
  readonly global?: boolean;
}

/** Adds the options of {@link TargetFlags}. */
export function addTargetOptions(command: Command): Command {
  return addSelectionOptions(
    addAllOption(command).option(
      "--global",
      "the global schema; with tenants too, it is done first",
    ),
  );
}

/** Adds the option for every tenant. */
export function addAllOption(command: Command): Command {
  return command.option("--all", "every tenant that is active, suspended or in maintenance");
}

/** Adds the options that go with the one for every tenant. */
export function addSelectionOptions(command: Command): Command {
  return command
    .option("--except <slugs>", "with --all: not these, with commas between them", words)
    .option("--state <states>", "with --all: only tenants in these states", states)
    .option(
      "--concurrency <number>",
      "with --all: tenants at a time (default: 4)",
      positiveInteger(1000),
    )
    .option("--stop-on-error", "do not begin further tenants after one has failed");
}

/** Makes the option that says how to go on with what was interrupted. */
export function interruptedOption(): Option {
  return new Option(
    "--interrupted <how>",
    "go on with what was interrupted: `repeat` the statement, or `skip` it as done",
  ).choices(["repeat", "skip"]);
}

/** Makes the option that names a phase of migrations. */
export function phaseOption(description: string): Option {
  return new Option("--phase <phase>", description).choices(["expand", "contract"]);
}

/**
 * Checks that a command line says what to work on, and says it once.
 *
 * @param ways - options that may be passed in place of names
 * @throws CommanderError with exit code 2
 */
export function requireTargets(
  slugs: readonly string[],
  flags: TargetFlags,
  ways = "`--all` or `--global`",
): void {
  if (slugs.length === 0 && flags.all !== true && flags.global !== true) {
    throw usageError(`It is not said what to work on. Name tenants, or pass ${ways}.`);
  }
  if (slugs.length > 0 && flags.all === true) {
    throw usageError("Tenants are named, and `--all` is passed. Leave one of the two out.");
  }
  const selection = (["except", "state", "concurrency"] as const).find(
    (name) => flags[name] !== undefined && flags.all !== true,
  );
  if (selection !== undefined) throw usageError(`\`--${selection}\` needs \`--all\`.`);
}

/** How {@link runNamed} goes through tenants that were named. */
export interface NamedRun {
  /** Shows how far it is. */
  readonly progress: ProgressDisplay;
  /** Stops it before the next tenant. */
  readonly signal: AbortSignal;
  /** Whether the first failure stops it. */
  readonly stopOnError: boolean;
}

/** Runs `work` for each named tenant, one after the other, and reports as a fleet run does. */
export async function runNamed(
  slugs: readonly string[],
  work: (slug: string) => Promise<MigrationResult>,
  run: NamedRun,
): Promise<FleetResult> {
  const names = [...new Set(slugs)];
  const items: FleetItem[] = [];
  const startedAt = performance.now();
  for (const slug of names) {
    const hasFailed = items.some(({ ok }) => !ok);
    if (run.signal.aborted || (run.stopOnError && hasFailed)) break;
    const item = await runOne(slug, work);
    items.push(item);
    run.progress.update({ done: items.length, last: item, total: names.length });
  }
  const failed = items.filter((item) => !item.ok);
  const notReached = names.slice(items.length);
  const results = items.filter((item) => !item.ok || item.versions.length > 0);
  return {
    counts: {
      changed: results.length - failed.length,
      failed: failed.length,
      notReached: notReached.length,
      unchanged: items.length - results.length,
    },
    durationMs: performance.now() - startedAt,
    failed,
    notReached,
    ok: failed.length === 0 && notReached.length === 0,
    results,
    stopped: notReached.length === 0 ? undefined : run.signal.aborted ? "signal" : "failures",
  };
}

async function runOne(
  slug: string,
  work: (slug: string) => Promise<MigrationResult>,
): Promise<FleetItem> {
  const startedAt = performance.now();
  try {
    const result = await work(slug);
    return { ...result, ok: true, tenant: result.tenant ?? slug };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const durationMs = performance.now() - startedAt;
    const { schemaName = "" } = error as { readonly schemaName?: string };
    return { durationMs, error, ok: false, schemaName, tenant: slug };
  }
}
