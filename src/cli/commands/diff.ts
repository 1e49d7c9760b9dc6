import type { Command } from "commander";
import type { DiffOptions } from "../../core/drift.ts";
import type { TenantState } from "../../core/tenant.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { createDiffProgress } from "../diff-progress.ts";
import { printDiffReport } from "../diff-report.ts";
import { interruptible } from "../interrupt.ts";
import { positiveInteger, states, words } from "../option-parsers.ts";
import { addAllOption } from "../targets.ts";
import { usageError } from "../usage-error.ts";

interface DiffFlags {
  readonly against?: string;
  readonly all?: boolean;
  readonly concurrency?: number;
  readonly except?: readonly string[];
  readonly state?: readonly TenantState[];
}

/** Adds `kirayedar diff`. */
export function addDiffCommand(program: Command): void {
  const command = program
    .command("diff [slugs...]")
    .summary("compare the schemas of tenants; all, if none are named")
    .description(
      "Compares the schemas of tenants with one that the migrations make, and groups those that " +
        "differ alike. Changes nothing; exits with 1 when a tenant differs or cannot be read.",
    );
  addAllOption(command)
    .option("--against <slug>", "compare with this tenant, in place of a newly made schema")
    .option("--except <slugs>", "not these, with commas between them", words)
    .option("--state <states>", "only tenants in these states", states)
    .option("--concurrency <number>", "tenants at a time (default: 4)", positiveInteger(1000))
    .action(
      action<DiffFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        if (slugs.length > 0 && options.all === true) {
          throw usageError("Tenants are named, and `--all` is passed. Leave one of the two out.");
        }
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const progress = createDiffProgress(output);
        try {
          const result = await tenancy.diff({
            ...toDiffOptions(slugs, options),
            onProgress: (how) => progress.update(how),
            signal: interrupt.signal,
          });
          progress.end();
          printDiffReport(result, output, { verbose: options.verbose === true });
          return result.ok ? EXIT_OK : EXIT_FAILED;
        } finally {
          interrupt.end();
        }
      }),
    );
  addCommonOptions(command);
}

function toDiffOptions(slugs: readonly string[], flags: DiffFlags): DiffOptions {
  const { against, concurrency, except, state } = flags;
  return {
    ...(slugs.length > 0 && { only: slugs }),
    ...(against !== undefined && { against }),
    ...(except !== undefined && { except }),
    ...(state !== undefined && { state }),
    ...(concurrency !== undefined && { concurrency }),
  };
}
