import type { Command } from "commander";
import type { MigrationStatus } from "../../core/migrator.ts";
import { action, addCommonOptions, EXIT_FAILED, EXIT_OK } from "../context.ts";
import { formatFleetStatus, isFleetCurrent } from "../fleet-status-report.ts";
import { positiveInteger } from "../option-parsers.ts";
import { count, type Style } from "../output.ts";
import { type Column, formatTable } from "../table.ts";
import { printable } from "../text-width.ts";

interface StatusFlags {
  readonly global?: boolean;
  readonly check?: boolean;
  readonly limit?: number;
  readonly verify?: boolean;
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
    .option("--verify", "read every tenant's own history, and compare the registry with it")
    .option(
      "--limit <number>",
      "tenants of each kind that `--json` names (default: 100)",
      positiveInteger(),
    )
    .action(
      action<StatusFlags, [string[]]>(async ({ openTenancy, options, output }, slugs) => {
        const tenancy = await openTenancy();
        if (slugs.length === 0 && options.global !== true) {
          const status = await tenancy.fleetStatus({
            ...(options.limit !== undefined && { limit: options.limit }),
            ...(options.verify !== undefined && { verify: options.verify }),
          });
          output.result(status, () => formatFleetStatus(status, output.style));
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

interface History {
  /** Slug; `null` for the global schema. */
  readonly tenant: string | null;
  readonly migrations: readonly MigrationStatus[];
}

function isApplied({ state }: MigrationStatus): boolean {
  return state === "applied";
}

const STATE_TEXT: Readonly<Record<Exclude<MigrationStatus["state"], "partial">, string>> = {
  applied: "applied",
  changed: "applied, FILE CHANGED",
  missing: "applied, FILE NOT FOUND",
  pending: "pending",
};

/** Where everything expands, as it does unless it says otherwise, that is not worth a column. */
const PHASE_COLUMN: Column<MigrationStatus> = { cell: ({ phase }) => phase, title: "PHASE" };

function formatHistory({ migrations, tenant }: History, style: Style): string {
  const title = style.bold(tenant === null ? "Global schema" : printable(tenant));
  if (migrations.length === 0) return `${title}\nNo migrations.`;
  const columns: Column<MigrationStatus>[] = [
    { cell: ({ version }) => version, title: "VERSION" },
    { cell: ({ name }) => name, title: "NAME" },
    ...(migrations.some(({ phase }) => phase === "contract") ? [PHASE_COLUMN] : []),
    { cell: stateText, style: (text, row) => stateColour(row, style)(text), title: "STATE" },
    { cell: ({ appliedAt }) => appliedAt?.toISOString(), title: "APPLIED AT" },
  ];
  const table = formatTable(migrations, columns, { heading: style.bold });
  const stopped = migrations.flatMap((migration) => explainStop(migration, tenant));
  return [title, table, ...stopped].join("\n");
}

function stateText(migration: MigrationStatus): string {
  const { direction, state, statementCount, statementsDone = 0 } = migration;
  if (state !== "partial") return STATE_TEXT[state];
  const text = direction === "down" ? "half rolled back" : "stopped halfway";
  return statementCount === undefined
    ? `${text} after ${count(statementsDone, "statement")}`
    : `${text} after ${statementsDone} of ${count(statementCount, "statement")}`;
}

/** Says of a migration that is halfway where it stopped, and what to do. */
function explainStop(migration: MigrationStatus, tenant: string | null): string[] {
  const { direction, error, state, stop, stoppedAt, version } = migration;
  if (state !== "partial") return [];
  const what = stoppedAt === undefined ? "It" : `Statement ${stoppedAt.statementNumber}`;
  const reason = error === undefined ? "" : `: ${printable(error)}`;
  const happened = {
    between: stoppedAt === undefined ? "All its statements ran." : `${what} did not run.`,
    failed: `${what} failed${reason}`,
    interrupted: `${what} was interrupted, or is running now: nobody knows how far it came.`,
  }[stop ?? "failed"];
  const where =
    stoppedAt === undefined ? "" : ` (${printable(`${stoppedAt.file}:${stoppedAt.line}`)})`;
  const verb = direction === "down" ? "rollback" : "migrate";
  const command = `kirayedar ${verb} ${tenant === null ? "--global" : printable(tenant)}`;
  const goOn =
    stop === "interrupted"
      ? `Look at the schema; then \`${command} --interrupted repeat\` or \`… skip\`.`
      : `\`${command}\` goes on there.`;
  return [
    `${version}: ${happened}${where}`,
    ...(stoppedAt === undefined ? [] : [`  ${printable(stoppedAt.statement)}`]),
    `  ${goOn}`,
  ];
}

function stateColour({ state }: MigrationStatus, style: Style): (text: string) => string {
  if (state === "applied") return style.green;
  return state === "pending" ? style.yellow : style.red;
}
