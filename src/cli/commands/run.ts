import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import type { ForEachItem } from "../../core/reports.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { Tenant } from "../../core/tenant.ts";
import { cellText } from "../cell-text.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { csvLine } from "../csv.ts";
import { summarizeError } from "../error-report.ts";
import {
  addEveryTenantOptions,
  type EveryTenantFlags,
  printFailures,
  printNotReached,
  showProgress,
  toFilter,
} from "../every-tenant.ts";
import { importModule } from "../import-module.ts";
import { interruptible } from "../interrupt.ts";
import { toJsonError } from "../json.ts";
import { count, duration, type Style } from "../output.ts";
import { createProgress } from "../progress.ts";
import { formatTable } from "../table.ts";
import { fitText } from "../text-width.ts";
import { usageError } from "../usage-error.ts";

/** What a script exports, as `run` or by default. */
type Script = (tenant: Tenant, tenancy: Tenancy) => unknown;

const VALUE_COLUMNS = 60;

/** Adds `kirayedar run`. */
export function addRunCommand(program: Command): void {
  const command = program
    .command("run <script> [slugs...]")
    .summary("run a script in tenants")
    .description(
      "Runs what a module exports as `run`, or by default, in the tenants named, or in all of them: " +
        "`(tenant, tenancy) => …`, with the tenant in force. Goes on when a tenant fails, and reports " +
        "what was returned for each.",
    );
  addEveryTenantOptions(command).action(
    action<EveryTenantFlags, [string, string[]]>(
      async ({ openTenancy, options, output }, path, slugs) => {
        const where = toFilter(slugs, options);
        const script = await loadScript(path);
        const tenancy = await openTenancy();
        const interrupt = interruptible(output, "the tenants in hand");
        const progress = createProgress(output, "Running");
        const items: ForEachItem[] = [];
        const isCsv = options.csv === true;
        if (isCsv) process.stdout.write(csvLine(["tenant", "ok", "duration_ms", "value", "error"]));
        try {
          const result = await tenancy.forEachTenant((tenant) => script(tenant, tenancy), {
            ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
            onError: options.stopOnError === true ? "stop" : "continue",
            onProgress: (step) => {
              showProgress(progress, step);
              // What is written at once need not be kept.
              if (isCsv) process.stdout.write(toCsv(step.last));
              else items.push(step.last);
            },
            signal: interrupt.signal,
            where,
          });
          progress.end();
          const { done, durationMs, failed, notReached, ok } = result;
          const sorted = items.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
          const document = { durationMs, notReached, ok, results: sorted.map(toDocument) };
          const summary = `${count(done, "tenant")}, ${failed.length} failed (${duration(durationMs)}).`;
          if (isCsv) output.note(summary);
          else output.result(document, () => `${formatItems(sorted, output.style)}\n\n${summary}`);
          printFailures(failed, output, { verbose: options.verbose === true });
          printNotReached(notReached, output);
          return ok ? EXIT_OK : EXIT_FAILED;
        } finally {
          interrupt.end();
        }
      },
    ),
  );
  addCommonOptions(command);
}

async function loadScript(path: string): Promise<Script> {
  const file = resolve(path);
  if (!existsSync(file)) throw usageError(`There is no script ${path}.`);
  const module = (await importModule(pathToFileURL(file).href)) as {
    readonly default?: unknown;
    readonly run?: unknown;
  };
  const script = module.run ?? module.default;
  if (typeof script === "function") return script as Script;
  throw usageError(`The script ${path} exports no function, neither as \`run\` nor by default.`);
}

function toCsv(item: ForEachItem): string {
  const time = item.durationMs.toFixed(1);
  return item.ok
    ? csvLine([item.tenant, "true", time, cellText(item.value), null])
    : csvLine([item.tenant, "false", time, null, summarizeError(item.error)]);
}

function toDocument(item: ForEachItem): object {
  const { durationMs, ok, tenant } = item;
  return item.ok
    ? { durationMs, ok, tenant, value: item.value ?? null }
    : { durationMs, error: toJsonError(item.error), ok, tenant };
}

function formatItems(items: readonly ForEachItem[], style: Style): string {
  return formatTable(
    items,
    [
      { cell: ({ tenant }) => tenant, title: "TENANT" },
      {
        cell: ({ ok }) => (ok ? "done" : "failed"),
        style: (text, { ok }) => (ok ? style.green(text) : style.red(text)),
        title: "RESULT",
      },
      { align: "right", cell: ({ durationMs }) => duration(durationMs), title: "TIME" },
      {
        cell: (item) =>
          item.ok ? fitText(cellText(item.value) ?? "", VALUE_COLUMNS) : summarizeError(item.error),
        title: "VALUE",
      },
    ],
    { heading: style.bold },
  );
}
