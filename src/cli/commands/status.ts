import type { Command } from "commander";
import type { MigrationStatus } from "../../core/migrator.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import { type FleetStatus, findUnfinished, readFleetStatus } from "../fleet-status.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { shortList } from "../fleet-report.ts";
import { count, type Style } from "../output.ts";
import { type Column, formatTable } from "../table.ts";
import { printable } from "../text-width.ts";

interface StatusFlags {
  readonly global?: boolean;
  readonly check?: boolean;
}

/** Adds `kirayedar status`. */
export function addStatusCommand(program: Command): void {
  const command = program
    .command("status [slugs...]")
    .summary("show versions of the fleet, or the migrations of tenants")
    .description(
      "Shows which versions the tenants are at and who is behind; or each migration of the " +
        "tenants named, or of the global schema.",
    )
    .option("--global", "each migration of the global schema")
    .option("--check", "exit with 1 if anything is behind, failed, changed or missing")
    .action(
      action<StatusFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        const tenancy = await openTenancy();
        if (slugs.length === 0 && options.global !== true) {
          const read = await readFleetStatus(tenancy);
          const status = options.check === true ? await checked(tenancy, read) : read;
          output.result(status, () => formatFleet(status, output.style));
          return options.check === true && !isFleetCurrent(status) ? EXIT_FAILED : EXIT_OK;
        }
        const targets = [...(options.global === true ? [null] : []), ...new Set(slugs)];
        const histories: History[] = [];
        for (const tenant of targets) {
          histories.push({ migrations: await tenancy.migrationStatus(tenant), tenant });
        }
        output.result({ histories }, () =>
          histories.map((history) => formatHistory(history, output.style)).join("\n\n"),
        );
        const isCurrent = histories.every(({ migrations }) => migrations.every(isApplied));
        return options.check === true && !isCurrent ? EXIT_FAILED : EXIT_OK;
      }),
    );
  addCommonOptions(command);
}

async function checked(tenancy: Tenancy, status: FleetStatus): Promise<FleetStatus> {
  const behind = new Set([...status.behind, ...(await findUnfinished(tenancy))]);
  return { ...status, behind: [...behind].toSorted() };
}

interface History {
  /** Slug; `null` for the global schema. */
  readonly tenant: string | null;
  readonly migrations: readonly MigrationStatus[];
}

function isApplied({ state }: MigrationStatus): boolean {
  return state === "applied";
}

function isFleetCurrent({ behind, failed, global }: FleetStatus): boolean {
  return behind.length === 0 && failed.length === 0 && global.every(isApplied);
}

const STATE_TEXT: Readonly<Record<MigrationStatus["state"], string>> = {
  applied: "applied",
  changed: "applied, FILE CHANGED",
  missing: "applied, FILE NOT FOUND",
  partial: "stopped halfway",
  pending: "pending",
};

function formatHistory({ migrations, tenant }: History, style: Style): string {
  const title = style.bold(tenant === null ? "Global schema" : printable(tenant));
  if (migrations.length === 0) return `${title}\nNo migrations.`;
  const columns: Column<MigrationStatus>[] = [
    { cell: ({ version }) => version, title: "VERSION" },
    { cell: ({ name }) => name, title: "NAME" },
    { cell: stateText, style: (text, row) => stateColour(row, style)(text), title: "STATE" },
    { cell: ({ appliedAt }) => appliedAt?.toISOString(), title: "APPLIED AT" },
  ];
  const table = formatTable(migrations, columns, { heading: style.bold });
  const stopped = migrations
    .filter(({ error }) => error !== undefined)
    .map(({ error, version }) => `${version}: ${printable(error ?? "")}`);
  return [title, table, ...stopped].join("\n");
}

function stateText({ state, statementsDone }: MigrationStatus): string {
  const text = STATE_TEXT[state];
  return statementsDone === undefined
    ? text
    : `${text} after ${count(statementsDone, "statement")}`;
}

function stateColour({ state }: MigrationStatus, style: Style): (text: string) => string {
  if (state === "applied") return style.green;
  return state === "pending" ? style.yellow : style.red;
}

function formatFleet(status: FleetStatus, style: Style): string {
  const { behind, failed, global, latestVersion, tenants, versions } = status;
  const pending = global.filter(({ state }) => state === "pending").length;
  const odd = global.filter((migration) => !isApplied(migration)).length - pending;
  const parts = [
    `Global schema: ${global.filter(isApplied).length} applied, ${pending} pending` +
      (odd > 0 ? style.red(`, ${odd} changed, missing or stopped halfway (see --global)`) : "") +
      ".",
  ];
  if (tenants === 0) return [...parts, "No tenants."].join("\n");
  const columns: Column<FleetStatus["versions"][number]>[] = [
    { cell: ({ version }) => version ?? "none", title: "VERSION" },
    { align: "right", cell: ({ tenants }) => tenants, title: "TENANTS" },
    {
      cell: (row) => (row.version === latestVersion ? "newest" : row.behind ? "behind" : "newer"),
      style: (text, row) => (row.behind ? style.yellow(text) : style.green(text)),
      title: "",
    },
  ];
  parts.push(formatTable(versions, columns, { heading: style.bold }));
  const lines = [
    `${count(tenants, "tenant")}: ${behind.length} behind, ${failed.length} failed.`,
    ...(behind.length > 0 ? [style.yellow(`Behind: ${shortList(behind)}.`)] : []),
    ...(failed.length > 0 ? [style.red(`Failed: ${shortList(failed)}.`)] : []),
  ];
  return [...parts, lines.join("\n")].join("\n\n");
}
