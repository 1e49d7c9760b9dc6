import type { MigrationResult } from "../core/migrator.ts";
import type { FleetItem, FleetResult } from "../core/fleet.ts";
import { formatError, summarizeError } from "./error-report.ts";
import { count, duration, type Output, type Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";
import { printable } from "./text-width.ts";

/** What `migrate` or `rollback` did, to the global schema and to tenants. */
export interface FleetReport {
  /** What was done, in the past tense: `"applied"`, `"rolled back"`. */
  readonly done: string;
  /** Whether nothing was really done. */
  readonly dryRun: boolean;
  /** What was done to the global schema, if it was asked for. */
  readonly global: MigrationResult | undefined;
  /** What was done to tenants, if it was asked for. */
  readonly fleet: FleetResult | undefined;
}

const DETAILED_FAILURES = 10;
const SHOWN_SLUGS = 5;

/** Prints a report: the result on standard output, the errors of tenants on standard error. */
export function printFleetReport(
  report: FleetReport,
  output: Output,
  options: { readonly verbose: boolean },
): void {
  output.result(toDocument(report), () => formatReport(report, output.style));
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

function toDocument({ dryRun, fleet, global }: FleetReport): object {
  return {
    ok: fleet?.ok ?? true,
    dryRun,
    global: global ?? null,
    tenants: fleet && {
      results: fleet.results,
      notReached: fleet.notReached,
      durationMs: fleet.durationMs,
      counts: fleet.counts,
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

/** Writes a report for people: a table of what was done or failed, failures last, and a summary. */
export function formatReport(report: FleetReport, style: Style): string {
  const parts: string[] = [];
  if (report.global !== undefined) parts.push(globalLine(report.global, report, style));
  if (report.fleet !== undefined) {
    const table = report.dryRun
      ? formatPlan(report.fleet, style)
      : formatItems(report.fleet, report, style);
    if (table !== undefined) parts.push(table);
    parts.push(summaryLine(report.fleet, report, style));
    if (report.fleet.notReached.length > 0) parts.push(notReachedLine(report.fleet, style));
  }
  return parts.join("\n\n");
}

function globalLine(result: MigrationResult, { done, dryRun }: FleetReport, style: Style): string {
  const schema = printable(result.schemaName);
  if (result.versions.length === 0) return `Global schema ${schema}: nothing to do.`;
  const what = `${dryRun ? "would be " : ""}${done}`;
  const took = dryRun ? "" : ` in ${duration(result.durationMs)}`;
  const mark = dryRun ? "" : `${style.green("✓")} `;
  return `${mark}Global schema ${schema}: ${result.versions.join(", ")} ${what}${took}.`;
}

function formatItems(fleet: FleetResult, { done }: FleetReport, style: Style): string | undefined {
  const rows = [...bySlug(fleet.results.filter(isChanged)), ...bySlug(fleet.failed)];
  if (rows.length === 0) return undefined;
  const paint = (text: string, item: FleetItem): string =>
    item.ok ? style.green(text) : style.red(text);
  const columns: Column<FleetItem>[] = [
    { cell: ({ tenant }) => tenant, title: "TENANT" },
    { cell: ({ ok }) => (ok ? done : "failed"), style: paint, title: "RESULT" },
    { align: "right", cell: ({ durationMs }) => duration(durationMs), title: "TIME" },
    { cell: itemDetail, title: "DETAILS" },
  ];
  return formatTable(rows, columns, { heading: style.bold });
}

function itemDetail(item: FleetItem): string {
  return item.ok ? item.versions.join(", ") : summarizeError(item.error);
}

interface PlanGroup {
  readonly versions: string;
  readonly slugs: string[];
}

/** Groups tenants to which the same would be done: in a large fleet that is most of them. */
function formatPlan(fleet: FleetResult, style: Style): string | undefined {
  const groups = new Map<string, PlanGroup>();
  for (const item of bySlug(fleet.results)) {
    if (!item.ok || item.versions.length === 0) continue;
    const versions = item.versions.join(", ");
    const group = groups.get(versions) ?? { slugs: [], versions };
    group.slugs.push(item.tenant);
    groups.set(versions, group);
  }
  if (groups.size === 0) return undefined;
  const rows = [...groups.values()].toSorted((a, b) => b.slugs.length - a.slugs.length);
  const columns: Column<PlanGroup>[] = [
    { cell: ({ versions }) => versions, title: "VERSIONS" },
    { align: "right", cell: ({ slugs }) => slugs.length, title: "TENANTS" },
    { cell: ({ slugs }) => shortList(slugs), title: "SLUGS" },
  ];
  return formatTable(rows, columns, { heading: style.bold });
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
  return `${count(total, "tenant")}: ${parts.join(", ")} (${duration(fleet.durationMs)}).`;
}

function notReachedLine({ notReached, results }: FleetResult, style: Style): string {
  const last = results.at(-1);
  const after = last === undefined ? "before the first tenant" : `after ${printable(last.tenant)}`;
  const text = `Stopped ${after}. Not reached: ${shortList(notReached)}. Run the same command again to go on.`;
  return style.yellow(text);
}

/** Writes slugs with commas between them; a long list is cut, and says by how much. */
export function shortList(slugs: readonly string[]): string {
  const shown = slugs.slice(0, SHOWN_SLUGS).map((slug) => printable(slug));
  const rest = slugs.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
