import { basename } from "node:path";
import { summarizeError } from "./error-report.ts";
import { printFailures } from "./fleet-report.ts";
import { shortList } from "./short-list.ts";
import { count, duration, type Output, type Style } from "./output.ts";
import type { SeedItem, SeedReport } from "./seed-tenants.ts";
import { type Column, formatTable } from "./table.ts";

/** Prints what a run did: the result on standard output, the errors of tenants on standard error. */
export function printSeedReport(
  report: SeedReport,
  output: Output,
  options: { readonly verbose: boolean },
): void {
  const { durationMs, notReached, ok, results } = report;
  const failed = results.filter((item) => !item.ok);
  const counts = {
    failed: failed.length,
    notReached: notReached.length,
    seeded: results.length - failed.length,
  };
  output.result({ ok, tenants: { results, notReached, durationMs, counts } }, () =>
    formatReport(report, output.style),
  );
  printFailures(failed, output, options);
}

/** Failures come last, where they are read. */
function formatReport({ durationMs, notReached, results }: SeedReport, style: Style): string {
  const rows = results.toSorted(
    (a, b) => Number(b.ok) - Number(a.ok) || (a.tenant < b.tenant ? -1 : 1),
  );
  const failed = rows.filter(({ ok }) => !ok).length;
  const parts = [
    `${rows.length - failed} seeded`,
    failed > 0 ? style.red(`${failed} failed`) : "0 failed",
    ...(notReached.length > 0 ? [style.yellow(`${notReached.length} not reached`)] : []),
  ];
  const total = count(rows.length + notReached.length, "tenant");
  return [
    ...(rows.length > 0 ? [formatTable(rows, columns(style), { heading: style.bold })] : []),
    `${total}: ${parts.join(", ")} (${duration(durationMs)}).`,
    ...(notReached.length > 0 ? [style.yellow(`Not reached: ${shortList(notReached)}.`)] : []),
  ].join("\n\n");
}

function columns(style: Style): Column<SeedItem>[] {
  return [
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    {
      cell: ({ ok }) => (ok ? "seeded" : "failed"),
      style: (text, { ok }) => (ok ? style.green(text) : style.red(text)),
      title: "RESULT",
    },
    { align: "right", cell: ({ durationMs }) => duration(durationMs), title: "TIME" },
    {
      cell: (item) => (item.ok ? basename(item.file) : summarizeError(item.error)),
      title: "DETAILS",
    },
  ];
}
