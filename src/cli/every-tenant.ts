import { type Command, Option } from "commander";
import type { ForEachItem, ForEachProgress, TenantFilter } from "../core/reports.ts";
import { formatError } from "./error-report.ts";
import { shortList } from "./short-list.ts";
import { count, type Output } from "./output.ts";
import type { ProgressDisplay } from "./progress.ts";
import { addSelectionOptions, requireTargets, type SelectionFlags } from "./targets.ts";
import { printable } from "./text-width.ts";
import { usageError } from "./usage-error.ts";

/** Options of commands that do the application's own work in many tenants. */
export interface EveryTenantFlags extends SelectionFlags {
  /** Whether the result is CSV. */
  readonly csv?: boolean;
}

/** Adds the options of {@link EveryTenantFlags}. */
export function addEveryTenantOptions(command: Command): Command {
  return addSelectionOptions(command.option("--all", "every tenant that is active")).addOption(
    new Option("--csv", "print CSV").conflicts("json"),
  );
}

/** Checks that it is said which tenants are meant. @throws CommanderError with exit code 2 */
export function toFilter(
  slugs: readonly string[],
  flags: EveryTenantFlags & { readonly json?: boolean },
): TenantFilter {
  requireTargets(slugs, flags, "`--all`");
  // The check of the option itself does not see one that stands before the command.
  if (flags.csv === true && flags.json === true) {
    throw usageError("Both `--csv` and `--json` are passed. Leave one of the two out.");
  }
  if (flags.all !== true) return { only: slugs };
  return {
    ...(flags.except !== undefined && { except: flags.except }),
    ...(flags.state !== undefined && { state: flags.state }),
  };
}

/** Shows a step of a run as one of a fleet run, in which nothing but failures is news. */
export function showProgress(display: ProgressDisplay, progress: ForEachProgress): void {
  const { done, last, total } = progress;
  const { durationMs, schemaName, tenant } = last;
  const item = last.ok
    ? ({ durationMs, ok: true, schemaName, tenant, versions: [] } as const)
    : last;
  display.update({ done, last: item, total });
}

const DETAILED_FAILURES = 10;

/** Prints the errors of tenants on standard error. */
export function printFailures(
  failed: readonly Pick<Extract<ForEachItem, { ok: false }>, "error" | "tenant">[],
  output: Output,
  { verbose }: { readonly verbose: boolean },
): void {
  const sorted = failed.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const shown = verbose ? sorted : sorted.slice(0, DETAILED_FAILURES);
  for (const { error, tenant } of shown) {
    const text = formatError(error, { style: output.noteStyle, verbose });
    output.note(`\n${output.noteStyle.bold(printable(tenant))}\n${text}`);
  }
  if (sorted.length > shown.length) {
    output.note(`\n… and ${count(sorted.length - shown.length, "more failure")}; see --verbose.`);
  }
}

/** Says on standard error which tenants a stop has left out. */
export function printNotReached(slugs: readonly string[], output: Output): void {
  if (slugs.length === 0) return;
  output.note(output.noteStyle.yellow(`\nStopped. Not reached: ${shortList(slugs)}.`));
}
