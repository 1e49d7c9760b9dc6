import type { MigrationResult } from "../core/migrator.ts";
import type { FleetItem, FleetResult } from "../core/fleet.ts";
import { formatError, summarizeError } from "./error-report.ts";
import { formatGroups, formatPlan, groupByVersions, toPlanDocument } from "./plan-report.ts";
import { count, duration, type Output, type Style } from "./output.ts";
import { shortList } from "./short-list.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** What `migrate` or `rollback` did, to the global schema and to tenants. */
export interface FleetReport {
  /** What was done, in the past tense: `"applied"`, `"rolled back"`. */
  readonly done: string;
  /** Which of the two it was. Default `"migrate"`. */
  readonly verb?: "migrate" | "rollback";
  /** How to go on with what failed or was not reached: a sentence. Default: to run it again. */
  readonly goOn?: string;
  /** Whether nothing was really done. */
  readonly dryRun: boolean;
  /** What was done to the global schema, if it was asked for. */
  readonly global: MigrationResult | undefined;
  /** What was done to tenants, if it was asked for. */
  readonly fleet: FleetResult | undefined;
}

const DETAILED_FAILURES = 10;
/** As many tenants have a line of their own; more are grouped by what was done to them. */
const LISTED_TENANTS = 20;
const LISTED_FAILURES = 50;

/** Prints a report: the result on standard output, the errors of tenants on standard error. */
export function printFleetReport(
  report: FleetReport,
  output: Output,
  options: { readonly verbose: boolean },
): void {
  output.result(toDocument(report), () => formatReport(report, output.style, options));
  printFailures(report.fleet?.failed ?? [], output, options);
}

/** Prints the errors of tenants, by name; of many, the first. */
export function printFailures(
  failures: readonly { readonly error: Error; readonly tenant: string }[],
  output: Output,
  options: { readonly verbose: boolean },
): void {
  const failed = bySlug(failures);
  const shown = options.verbose ? failed : failed.slice(0, DETAILED_FAILURES);
  for (const { error, tenant } of shown) {
    const text = formatError(error, { style: output.noteStyle, verbose: options.verbose });
    output.note(`\n${output.noteStyle.bold(printable(tenant))}\n${text}`);
  }
  if (failed.length > shown.length) {
    output.note(`\n… and ${count(failed.length - shown.length, "more failure")}; see --verbose.`);
  }
}

function toDocument({ dryRun, fleet, global, verb = "migrate" }: FleetReport): object {
  return {
    ok: fleet?.ok ?? true,
    dryRun,
    global: global ?? null,
    tenants: fleet && {
      results: fleet.results,
      notReached: fleet.notReached,
      durationMs: fleet.durationMs,
      counts: fleet.counts,
      stopped: fleet.stopped ?? null,
      ...(fleet.runId !== undefined && { run: fleet.runId }),
      ...(fleet.resumed !== undefined && { resumed: fleet.resumed }),
      ...(fleet.pending !== undefined && { pending: toPlanDocument(fleet.pending, verb) }),
    },
  };
}

/** Tenants end in any order when several are worked on at a time; a list is read by name. */
function bySlug<Item extends { readonly tenant: string }>(items: readonly Item[]): Item[] {
  return items.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1));
}

function isChanged(item: FleetItem): boolean {
  return item.ok && item.versions.length > 0;
}

/** Writes a report for people: what was done or failed, failures last, a summary, and how to go on. */
export function formatReport(
  report: FleetReport,
  style: Style,
  options: { readonly verbose: boolean } = { verbose: false },
): string {
  const { dryRun, fleet, global, verb = "migrate" } = report;
  const parts: string[] = [];
  if (global !== undefined) parts.push(globalLine(global, report, style));
  if (fleet?.resumed === null) parts.push("There is no run to take up: all of them ended well.");
  else if (fleet !== undefined) {
    if (typeof fleet.resumed === "string") parts.push(`Took up run ${fleet.resumed}.`);
    if (dryRun) parts.push(formatPlan(fleet, verb, style) ?? "");
    parts.push(...formatItems(fleet, report, style, options));
    parts.push(summaryLine(fleet, report, style));
    parts.push(...stopLines(fleet, report, style));
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

function globalLine(result: MigrationResult, { done, dryRun }: FleetReport, style: Style): string {
  const schema = printable(result.schemaName);
  if (result.versions.length === 0) return `Global schema ${schema}: nothing to do.`;
  const what = `${dryRun ? "would be " : ""}${done}`;
  const took = dryRun ? "" : ` in ${duration(result.durationMs)}`;
  const mark = dryRun ? "" : `${style.green("✓")} `;
  return `${mark}Global schema ${schema}: ${result.versions.join(", ")} ${what}${took}.`;
}

function formatItems(
  fleet: FleetResult,
  { done, dryRun }: FleetReport,
  style: Style,
  { verbose }: { readonly verbose: boolean },
): string[] {
  const changed = dryRun ? [] : bySlug(fleet.results.filter(isChanged));
  const isGrouped = changed.length > LISTED_TENANTS;
  const failed = bySlug(fleet.failed).slice(0, verbose ? undefined : LISTED_FAILURES);
  const rows = [...(isGrouped ? [] : changed), ...failed];
  const paint = (text: string, item: FleetItem): string =>
    item.ok ? style.green(text) : style.red(text);
  const columns: Column<FleetItem>[] = [
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    { cell: ({ ok }) => (ok ? done : "failed"), style: paint, title: "RESULT" },
    { align: "right", cell: ({ durationMs }) => duration(durationMs), title: "TIME" },
    { cell: itemDetail, title: "DETAILS" },
  ];
  const hidden = fleet.failed.length - failed.length;
  return [
    ...(isGrouped ? [formatGroups(groupByVersions(changed), style)] : []),
    ...(rows.length > 0 ? [formatTable(rows, columns, { heading: style.bold })] : []),
    ...(hidden > 0 ? [style.red(`… and ${count(hidden, "more failure")}; see --verbose.`)] : []),
  ];
}

function itemDetail(item: FleetItem): string {
  return item.ok ? item.versions.join(", ") : summarizeError(item.error);
}

function summaryLine(fleet: FleetResult, { done, dryRun }: FleetReport, style: Style): string {
  const { changed, failed, notReached, unchanged } = fleet.counts;
  const total = changed + failed + notReached + unchanged;
  const parts = [
    `${changed} ${dryRun ? "would be changed" : done}`,
    `${unchanged} with nothing to do`,
    failed > 0 ? style.red(`${failed} failed`) : "0 failed",
    ...(notReached > 0 ? [style.yellow(`${notReached} not reached`)] : []),
  ];
  const run = fleet.runId === undefined ? "" : `, run ${fleet.runId}`;
  return `${count(total, "tenant")}: ${parts.join(", ")} (${duration(fleet.durationMs)}${run}).`;
}

/** Says where it stopped and why, and how to go on; nothing of a run that ended well. */
function stopLines(fleet: FleetResult, { dryRun, goOn }: FleetReport, style: Style): string[] {
  const { failed, notReached, results, stopped } = fleet;
  const isLeft = notReached.length > 0;
  const isOver = !isLeft && (failed.length === 0 || goOn === undefined);
  if (dryRun || isOver) return [];
  const last = results.at(-1);
  const after = last === undefined ? "before the first tenant" : `after ${printable(last.tenant)}`;
  const why = {
    canary: `Stopped: ${failed.length > 1 ? "canaries" : "a canary"} failed.`,
    failures: `Stopped: ${count(failed.length, "tenant")} failed.`,
    signal: `Stopped ${after}.`,
  }[stopped ?? "signal"];
  const where = isLeft || stopped !== undefined ? [why] : [];
  const left = isLeft ? [`Not reached: ${shortList(notReached)}.`] : [];
  const hint = goOn ?? "Run the same command again to go on.";
  return [style.yellow([...where, ...left, hint].join(" "))];
}
