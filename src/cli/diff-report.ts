import type { DiffGroup, DiffReference, DiffResult, SchemaDifference } from "../core/drift.ts";
import { formatError } from "./error-report.ts";
import { changedLines } from "./diff-lines.ts";
import { shortList } from "./short-list.ts";
import { count, duration, type Output, type Style } from "./output.ts";
import { printable } from "./text-width.ts";

/** How a comparison is printed. */
export interface DiffReportOptions {
  /** Whether everything is shown, however long. */
  readonly verbose: boolean;
}

const SHOWN_GROUPS = 20;
const SHOWN_DIFFERENCES = 30;
const SHOWN_LINES = 12;
const DETAILED_FAILURES = 10;

/** Prints a comparison: the result on standard output, the errors of tenants on standard error. */
export function printDiffReport(
  result: DiffResult,
  output: Output,
  options: DiffReportOptions,
): void {
  output.result(result, () => formatDiff(result, { ...options, style: output.style }));
  const { failed } = result;
  const shown = options.verbose ? failed : failed.slice(0, DETAILED_FAILURES);
  for (const { error, tenant } of shown) {
    const text = formatError(error, { style: output.noteStyle, verbose: options.verbose });
    output.note(`\n${output.noteStyle.bold(printable(tenant))}\n${text}`);
  }
  if (failed.length > shown.length) {
    output.note(`\n… and ${count(failed.length - shown.length, "more failure")}; see --verbose.`);
  }
}

interface Look extends DiffReportOptions {
  readonly style: Style;
}

/** Writes a comparison for people: one list for each group of tenants that differ alike. */
export function formatDiff(result: DiffResult, look: Look): string {
  const { groups, notReached, reference } = result;
  const { style } = look;
  const shown = look.verbose ? groups : groups.slice(0, SHOWN_GROUPS);
  return [
    referenceLine(reference),
    ...shown.map((group) => formatGroup(group, reference, look)),
    ...(groups.length > shown.length
      ? [`… and ${count(groups.length - shown.length, "more group")}; see --verbose.`]
      : []),
    ...(notReached.length > 0
      ? [style.yellow(`Stopped. Not reached: ${shortList(notReached)}.`)]
      : []),
    summaryLine(result, style),
  ].join("\n\n");
}

function referenceLine({ source, tenant, version }: DiffReference): string {
  const what =
    source === "tenant"
      ? `the schema of ${printable(tenant ?? "")}`
      : "a schema made by the tenant migrations";
  return `Reference: ${what}${version === null ? "" : `, at ${printable(version)}`}.`;
}

function summaryLine(result: DiffResult, style: Style): string {
  const { durationMs, failed, groups, notReached, same } = result;
  const differing = groups.reduce((sum, { tenants }) => sum + tenants.length, 0);
  const total = same + differing + failed.length + notReached.length;
  const unread = `${count(failed.length, "tenant")} could not be read`.replace(/ tenants?/, "");
  const parts = [
    same === total
      ? style.green(`${same.toLocaleString("en")} the same`)
      : `${same.toLocaleString("en")} the same`,
    differing > 0 ? style.yellow(`${differing.toLocaleString("en")} differ`) : "0 differ",
    failed.length > 0 ? style.red(unread) : unread,
    ...(notReached.length > 0 ? [style.yellow(`${notReached.length} not reached`)] : []),
  ];
  return `${count(total, "tenant")}: ${parts.join(", ")} (${duration(durationMs)}).`;
}

function formatGroup(group: DiffGroup, reference: DiffReference, look: Look): string {
  const { differences, tenants } = group;
  const { style, verbose } = look;
  const slugs = tenants.map(({ tenant }) => tenant);
  const names = verbose ? slugs.map((slug) => printable(slug)).join(", ") : shortList(slugs);
  const title =
    style.bold(count(tenants.length, "tenant")) + ` (${names})${versionsOf(group, reference)}`;
  const shown = verbose ? differences : differences.slice(0, SHOWN_DIFFERENCES);
  const lines = [title, ...shown.flatMap((difference) => formatDifference(difference, look))];
  if (differences.length > shown.length) {
    const more = count(differences.length - shown.length, "more difference");
    lines.push(style.dim(`  … and ${more}; see --verbose`));
  }
  if (tenants.every(({ sameMigrations }) => !sameMigrations)) {
    const advice =
      reference.source === "tenant"
        ? `${tenants.length} of these have other migrations than the reference.`
        : `${tenants.length} of these are behind; migrate first.`;
    lines.push(style.yellow(`  ${advice}`));
  }
  return lines.join("\n");
}

/** The version that all of a group are at, where it is another one than the reference's. */
function versionsOf({ tenants }: DiffGroup, { version }: DiffReference): string {
  const versions = new Set(tenants.map((tenant) => tenant.version));
  const [only] = versions;
  if (versions.size !== 1 || only === version) return "";
  return only === null || only === undefined ? ", not migrated" : `, at ${printable(only)}`;
}

function formatDifference(difference: SchemaDifference, look: Look): string[] {
  const { actual = "", change, expected = "", kind, name, table } = difference;
  const { style } = look;
  const place = table === undefined || kind === "column order" ? name : `${table}.${name}`;
  const subject = `${kind} ${printable(place)}`;
  if (change === "changed") {
    return [`  ${style.yellow("~")} ${subject}`, ...formatChange(expected, actual, look)];
  }
  const [sign, paint, text] =
    change === "missing"
      ? (["-", style.red, expected] as const)
      : (["+", style.green, actual] as const);
  const head = `  ${paint(`${sign} ${subject}`)}`;
  const lines = text.split("\n");
  if (lines.length === 1 && text !== "") return [`${head}  ${style.dim(printable(text))}`];
  if (!look.verbose) return [head];
  const shown = lines.filter((line) => line !== "");
  return [head, ...shown.map((line) => `    ${paint(`${sign} ${printable(line)}`)}`)];
}

function formatChange(expected: string, actual: string, { style, verbose }: Look): string[] {
  const { added, removed } = changedLines(expected, actual);
  const lines = [
    ...removed.map((line) => style.red(`    - ${printable(line)}`)),
    ...added.map((line) => style.green(`    + ${printable(line)}`)),
  ];
  if (verbose || lines.length <= SHOWN_LINES * 2) return lines;
  const kept = lines.slice(0, SHOWN_LINES * 2);
  return [...kept, style.dim(`    … and ${count(lines.length - kept.length, "more line")}`)];
}
