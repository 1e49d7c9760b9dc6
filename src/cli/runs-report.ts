import type { FleetRun, FleetRunDetails, FleetRunTenant } from "../core/fleet-runs.ts";
import { count, type Style } from "./output.ts";
import { type Column, formatTable } from "./table.ts";
import { formatFields } from "./tenant-view.ts";

/** Writes runs as a table, the newest first. */
export function formatRuns(runs: readonly FleetRun[], style: Style): string {
  if (runs.length === 0) return "No runs.";
  const columns: Column<FleetRun>[] = [
    { align: "right", cell: ({ id }) => id, title: "RUN" },
    { cell: ({ verb }) => verb, title: "WHAT" },
    { cell: stateText, style: (text, run) => stateStyle(run, style)(text), title: "STATE" },
    { cell: ({ startedAt }) => startedAt.toISOString(), title: "BEGAN" },
    { align: "right", cell: ({ counts }) => counts.changed, title: "CHANGED" },
    { align: "right", cell: ({ counts }) => counts.failed, title: "FAILED" },
    { align: "right", cell: ({ counts }) => counts.notReached, title: "NOT REACHED" },
    { cell: ({ options }) => optionsText(options), title: "OPTIONS" },
  ];
  return formatTable(runs, columns, { heading: style.bold });
}

/** Writes one run, and its tenants that are not done. */
export function formatRun(run: FleetRunDetails, style: Style): string {
  const { changed, failed, notReached, unchanged } = run.counts;
  const fields = formatFields(
    {
      run: run.id,
      what: run.verb,
      state: stateText(run),
      options: optionsText(run.options) || null,
      newest: run.latestVersion,
      began: run.startedAt.toISOString(),
      "last sign": run.updatedAt.toISOString(),
      ended: run.endedAt?.toISOString(),
      machine: `${run.host}, process ${run.pid}`,
      resumes: run.resumes,
      "resumed by": run.resumedBy,
      tenants: `${changed} changed, ${unchanged} with nothing to do, ${failed} failed, ${notReached} not reached`,
    },
    style,
  );
  if (run.tenants.length === 0) return fields;
  const columns: Column<FleetRunTenant>[] = [
    { cell: ({ slug }) => slug, title: "TENANT" },
    {
      cell: ({ outcome }) => (outcome === "failed" ? "failed" : "not reached"),
      style: (text, { outcome }) => (outcome === "failed" ? style.red(text) : style.yellow(text)),
      title: "RESULT",
    },
    { cell: ({ code }) => code, title: "CODE" },
    { cell: ({ message }) => message, title: "DETAILS" },
  ];
  const rest = failed + notReached - run.tenants.length;
  const more = rest > 0 ? [style.dim(`… and ${count(rest, "more tenant")}; see --limit.`)] : [];
  return [fields, formatTable(run.tenants, columns, { heading: style.bold }), ...more].join("\n\n");
}

function stateText({ state, stopped }: FleetRun): string {
  if (stopped === null) return state;
  const why = {
    canary: "a canary failed",
    error: "it broke",
    failures: "too many failed",
    signal: "interrupted",
  }[stopped];
  return `${state}: ${why}`;
}

function stateStyle({ state }: FleetRun, style: Style): (text: string) => string {
  if (state === "done") return style.green;
  return state === "running" ? style.yellow : style.red;
}

/** Writes options as on a command line. */
function optionsText(options: FleetRun["options"]): string {
  return Object.entries(options)
    .map(([name, value]) => {
      // What is `all` in code would be every tenant there.
      const word = name === "all" ? "everything" : name;
      const flag = `--${word.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      return value === true ? flag : `${flag} ${String(value)}`;
    })
    .join(" ");
}
